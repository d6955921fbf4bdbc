package com.example.{{module}};

/** The command line. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.out.println(Greeting.of(String.join(" ", arguments)));
    }
}
