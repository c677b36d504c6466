{
 "StartAt": "A",
 "States": {
  "A": {
   "Type": "Choice",
   "Choices": [
    {
     "And": [
      {
       "Variable": "$.a.b[1]",
       "StringMatches": "*\\**2"
      },
      {
       "Not": {
        "Variable": "$.none",
        "IsPresent": true
       }
      },
      {
       "Or": [
        {
         "Variable": "$.t",
         "StringEqualsPath": "$.t"
        },
        {
         "Variable": "$.a.b[0]",
         "NumericLessThanEquals": 1.5
        }
       ]
      }
     ],
     "Next": "B"
    },
    {
     "Variable": "$.a.b[2]",
     "IsNull": true,
     "Next": "B"
    },
    {
     "Variable": "$$.State.EnteredTime",
     "TimestampGreaterThan": "2020-01-01T00:00:00Z",
     "Next": "A"
    }
   ],
   "Default": "B"
  },
  "B": {
   "Type": "Succeed"
  }
 }
}
