package hostedpage

// Operations are the rows, for tests of all operations.
var Operations = operations
