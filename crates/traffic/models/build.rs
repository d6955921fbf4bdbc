//! Has the sources of `traffic` take what threads meet at from shuttle.

fn main() {
    println!("cargo::rustc-cfg=modelled");
    println!("cargo::rerun-if-changed=build.rs");
}
