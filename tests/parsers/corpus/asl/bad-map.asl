{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Map",
   "End": true
  }
 }
}
