{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Pass",
   "Parameters": {
    "a.$": "States.JsonToString($)"
   },
   "Next": "A"
  }
 }
}
