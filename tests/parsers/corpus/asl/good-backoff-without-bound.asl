{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Task",
   "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:joined",
   "Retry": [
    {
     "ErrorEquals": [
      "States.ALL"
     ],
     "IntervalSeconds": 99999999,
     "BackoffRate": 1e+308,
     "MaxAttempts": 99999999
    }
   ],
   "End": true
  }
 }
}
