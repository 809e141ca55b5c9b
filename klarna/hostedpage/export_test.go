package hostedpage

// Operations are the rows, for tests of all operations.
var Operations = operations

// CheckSessionURL is for tests of base URLs that klarna.New accepts with an option only.
var CheckSessionURL = checkSessionURL
