{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Task",
   "Resource": "arn:aws:states:eu-west-1:123456789012:activity:x",
   "HeartbeatSeconds": 1,
   "End": true
  }
 }
}
