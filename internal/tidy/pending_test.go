package tidy

// pending are files that were there before the rules, with how much is still wrong in each. It only ever gets
// shorter: a file that is not here has nothing wrong.
var pending = map[string]int{}
