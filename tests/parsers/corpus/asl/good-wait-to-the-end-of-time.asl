{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Wait",
   "TimestampPath": "$.w",
   "End": true
  }
 }
}
---
{"w": "9999-12-30T22:00:00Z"}