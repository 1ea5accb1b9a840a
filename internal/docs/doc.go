// Package docs holds the documents to what they say. It has tests alone:
//
//	markdown_test.go    finds pages, blocks, links and paths in Markdown
//	links_test.go       every relative link, and every path of this repository that a page names, is there
//	commands_test.go    every command that a page shows names things that exist; cheap ones are run
//	quickstart_test.go  the commands, the code and the message of README, word by word
//	figures_test.go     figures that tests can count
//	proxy_test.go       serves this checkout to the go command as a released module
package docs
