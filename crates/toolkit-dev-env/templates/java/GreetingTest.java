package com.example.{{module}};

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class GreetingTest {
    @Test
    void somebodyIsGreetedByName() {
        assertEquals("Hello, Ada!", Greeting.of(" Ada "));
    }

    @Test
    void withoutANameTheWorldIsGreeted() {
        assertEquals("Hello, world!", Greeting.of("  "));
    }
}
