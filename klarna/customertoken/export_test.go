package customertoken

var Operations = operations
