package com.example.{{module}};

/** How somebody is greeted. */
public final class Greeting {
    private Greeting() {}

    /** Greets somebody by name; without a name, the world. */
    public static String of(String name) {
        return "Hello, " + (name.isBlank() ? "world" : name.strip()) + "!";
    }
}
