{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Pass",
   "Parameters": {
    "a.$": "$"
   },
   "Next": "A"
  }
 }
}
