package greeting

import "testing"

func TestEverybodyIsGreeted(t *testing.T) {
	for name, expected := range map[string]string{"Ada": "Hello, Ada!", "  ": "Hello, world!"} {
		if actual := For(name); actual != expected {
			t.Errorf("For(%q) = %q, want %q", name, actual, expected)
		}
	}
}
