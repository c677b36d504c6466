{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Task",
   "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:joined",
   "Parameters": {
    "a.$": "$"
   },
   "ResultSelector": {
    "b.$": "$.a"
   },
   "ResultPath": "$.answer",
   "TimeoutSeconds": 60,
   "HeartbeatSeconds": 5,
   "Retry": [
    {
     "ErrorEquals": [
      "Throttled",
      "States.Timeout"
     ],
     "IntervalSeconds": 1,
     "BackoffRate": 2.5,
     "MaxAttempts": 3,
     "MaxDelaySeconds": 20,
     "JitterStrategy": "FULL"
    },
    {
     "ErrorEquals": [
      "States.ALL"
     ],
     "MaxAttempts": 0
    }
   ],
   "Catch": [
    {
     "ErrorEquals": [
      "States.ALL"
     ],
     "ResultPath": "$.error",
     "Next": "B"
    }
   ],
   "Next": "A"
  },
  "B": {
   "Type": "Fail",
   "ErrorPath": "$.error.Error",
   "CausePath": "States.Format('{}', $.error.Cause)"
  }
 },
 "TimeoutSeconds": 600,
 "Comment": "c",
 "Version": "1.0",
 "QueryLanguage": "JSONPath"
}
