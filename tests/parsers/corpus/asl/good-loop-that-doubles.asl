{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Pass",
   "Parameters": {
    "a.$": "$",
    "b.$": "$"
   },
   "Next": "A"
  }
 }
}
