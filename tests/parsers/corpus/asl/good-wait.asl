{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Wait",
   "Seconds": 0,
   "Next": "B"
  },
  "B": {
   "Type": "Wait",
   "SecondsPath": "$.n",
   "Next": "C"
  },
  "C": {
   "Type": "Wait",
   "Timestamp": "2026-11-23T09:00:00Z",
   "Next": "D"
  },
  "D": {
   "Type": "Wait",
   "TimestampPath": "$.w",
   "End": true
  }
 }
}
---
{"n": 3, "w": "2026-11-24T00:00:00+01:00"}