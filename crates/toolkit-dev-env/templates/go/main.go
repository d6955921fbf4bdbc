// Command {{package}} greets who is named.
package main

import (
	"fmt"
	"os"
	"strings"

	"example.com/{{package}}/internal/greeting"
)

func main() {
	fmt.Println(greeting.For(strings.Join(os.Args[1:], " ")))
}
