{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Task",
   "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:joined",
   "TimeoutSeconds": 5,
   "HeartbeatSeconds": 5,
   "End": true
  }
 }
}
