{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Wait",
   "SecondsPath": "$.n",
   "End": true
  }
 }
}
---
{"n": 18446744073709551615}