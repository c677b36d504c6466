{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Pass",
   "Parameters": {
    "x.$": "$.a.b[0]",
    "y": [
     {
      "z.$": "States.Format('{} of \\{{}\\}', $.t, States.JsonToString($.a))"
     }
    ],
    "s.$": "States.StringToJson('[1]')",
    "c.$": "$$.Execution.Input"
   },
   "ResultPath": "$.r.s",
   "Next": "B"
  },
  "B": {
   "Type": "Pass",
   "Result": 7,
   "ResultPath": null,
   "InputPath": "$.r",
   "OutputPath": "$['s']",
   "End": true
  }
 }
}
