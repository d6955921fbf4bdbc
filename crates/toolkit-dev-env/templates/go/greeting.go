// Package greeting knows how somebody is greeted.
package greeting

import "strings"

// For greets somebody by name; without a name, the world.
func For(name string) string {
	name = strings.TrimSpace(name)
	if name == "" {
		name = "world"
	}
	return "Hello, " + name + "!"
}
