{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Pass",
   "Parameters": {
    "a.$": "States.UUID()"
   },
   "End": true
  }
 }
}
