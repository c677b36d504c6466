{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Succeed"
  },
  "B": {
   "Type": "Succeed"
  }
 }
}
