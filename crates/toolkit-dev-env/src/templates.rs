//! The registry of templates, in the order in which they are listed; the first of a type is its default. The texts lie in
//! the folder `templates` of this crate, under names that mean nothing to the tools that work on this crate.

use crate::template::{ProjectType, Template};

/// The text of a file of a template.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

const LICENCE: (&str, &str) = ("LICENSE", text!("common/LICENSE"));
const EDITORCONFIG: (&str, &str) = (".editorconfig", text!("common/editorconfig"));

/// All templates.
pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        name: "python-package",
        kind: ProjectType::Python,
        description: "a package with a command line: pyproject, src layout, pytest, ruff",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("python/gitignore")),
            ("README.md", text!("python/README.md")),
            ("pyproject.toml", text!("python/pyproject.toml")),
            ("src/{{module}}/__init__.py", text!("python/src/__init__.py")),
            ("src/{{module}}/__main__.py", text!("python/src/__main__.py")),
            ("src/{{module}}/greeting.py", text!("python/src/greeting.py")),
            ("tests/test_greeting.py", text!("python/tests/test_greeting.py")),
        ],
    },
    Template {
        name: "python-api",
        kind: ProjectType::Python,
        description: "a web API with FastAPI: pyproject, src layout, pytest, ruff",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("python/gitignore")),
            ("README.md", text!("python-api/README.md")),
            ("pyproject.toml", text!("python-api/pyproject.toml")),
            ("src/{{module}}/__init__.py", text!("python-api/src/__init__.py")),
            ("src/{{module}}/app.py", text!("python-api/src/app.py")),
            ("src/{{module}}/notes.py", text!("python-api/src/notes.py")),
            ("tests/test_app.py", text!("python-api/tests/test_app.py")),
        ],
    },
    Template {
        name: "node-package",
        kind: ProjectType::Node,
        description: "an ES module with a command line, tested by Node.js itself",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("node/gitignore")),
            ("README.md", text!("node/README.md")),
            ("package.json", text!("node/package.json")),
            ("src/index.js", text!("node/src/index.js")),
            ("src/main.js", text!("node/src/main.js")),
            ("test/greet.test.js", text!("node/test/greet.test.js")),
        ],
    },
    Template {
        name: "node-api",
        kind: ProjectType::Node,
        description: "a web API on Node.js alone, without dependencies",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("node/gitignore")),
            ("README.md", text!("node-api/README.md")),
            ("package.json", text!("node-api/package.json")),
            ("src/main.js", text!("node-api/src/main.js")),
            ("src/server.js", text!("node-api/src/server.js")),
            ("test/server.test.js", text!("node-api/test/server.test.js")),
        ],
    },
    Template {
        name: "rust-program",
        kind: ProjectType::Rust,
        description: "a program with a library, a unit test and a test of the whole",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("rust/gitignore")),
            ("README.md", text!("rust/README.md")),
            ("Cargo.toml", text!("rust/Cargo.toml")),
            ("src/lib.rs", text!("rust/src/lib.rs")),
            ("src/main.rs", text!("rust/src/main.rs")),
            ("tests/program.rs", text!("rust/tests/program.rs")),
        ],
    },
    Template {
        name: "rust-library",
        kind: ProjectType::Rust,
        description: "a library whose README is its documentation and is tested",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("rust/gitignore")),
            ("README.md", text!("rust-library/README.md")),
            ("Cargo.toml", text!("rust-library/Cargo.toml")),
            ("src/lib.rs", text!("rust-library/lib.rs")),
            ("tests/greet.rs", text!("rust-library/greet.rs")),
        ],
    },
    Template {
        name: "go-program",
        kind: ProjectType::Go,
        description: "a module with a command and an internal package with tests",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("go/gitignore")),
            ("README.md", text!("go/README.md")),
            ("go.mod", text!("go/go.mod")),
            ("main.go", text!("go/main.go")),
            ("internal/greeting/greeting.go", text!("go/greeting.go")),
            ("internal/greeting/greeting_test.go", text!("go/greeting_test.go")),
        ],
    },
    Template {
        name: "java-maven",
        kind: ProjectType::Java,
        description: "a program built by Maven, with JUnit",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("java/gitignore")),
            ("README.md", text!("java/README.md")),
            ("pom.xml", text!("java/pom.xml")),
            ("src/main/java/com/example/{{module}}/Main.java", text!("java/Main.java")),
            ("src/main/java/com/example/{{module}}/Greeting.java", text!("java/Greeting.java")),
            ("src/test/java/com/example/{{module}}/GreetingTest.java", text!("java/GreetingTest.java")),
        ],
    },
    Template {
        name: "ruby-bundler",
        kind: ProjectType::Ruby,
        description: "a library with a command line, Bundler, rake and minitest",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("ruby/gitignore")),
            ("README.md", text!("ruby/README.md")),
            ("Gemfile", text!("ruby/Gemfile")),
            ("Rakefile", text!("ruby/Rakefile")),
            ("bin/{{package}}", text!("ruby/program")),
            ("lib/{{module}}.rb", text!("ruby/library.rb")),
            ("test/{{module}}_test.rb", text!("ruby/greet_test.rb")),
        ],
    },
    Template {
        name: "generic",
        kind: ProjectType::Generic,
        description: "a project in no particular language, with a Makefile and tests in plain sh",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("generic/gitignore")),
            ("README.md", text!("generic/README.md")),
            ("Makefile", text!("generic/Makefile")),
            ("docs/README.md", text!("generic/docs.md")),
            ("src/README.md", text!("generic/src.md")),
            ("tests/run.sh", text!("generic/run.sh")),
        ],
    },
    Template {
        name: "mixed",
        kind: ProjectType::Mixed,
        description: "a back end in Python and a front end in JavaScript, with one Makefile over both",
        files: &[
            LICENCE,
            EDITORCONFIG,
            (".gitignore", text!("mixed/gitignore")),
            ("README.md", text!("mixed/README.md")),
            ("Makefile", text!("mixed/Makefile")),
            ("backend/LICENSE", text!("common/LICENSE")),
            ("backend/README.md", text!("mixed/part.md")),
            ("backend/pyproject.toml", text!("python/pyproject.toml")),
            ("backend/src/{{module}}/__init__.py", text!("python/src/__init__.py")),
            ("backend/src/{{module}}/__main__.py", text!("python/src/__main__.py")),
            ("backend/src/{{module}}/greeting.py", text!("python/src/greeting.py")),
            ("backend/tests/test_greeting.py", text!("python/tests/test_greeting.py")),
            ("frontend/package.json", text!("node/package.json")),
            ("frontend/src/index.js", text!("node/src/index.js")),
            ("frontend/src/main.js", text!("node/src/main.js")),
            ("frontend/test/greet.test.js", text!("node/test/greet.test.js")),
        ],
    },
];
