{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Succeed"
  }
 }
}
---
{"a":