//! Projects in Java and Kotlin, built by Maven or Gradle. The manifests are read for the names in them only: they are
//! programs, or XML with inheritance, and understanding them is for the tools they belong to.

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Artifacts that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("spring-boot-starter", "spring-boot"),
    ("spring-boot-starter-web", "spring-boot"),
    ("spring-boot-starter-parent", "spring-boot"),
    ("quarkus-bom", "quarkus"),
    ("quarkus-rest", "quarkus"),
    ("micronaut-http-server-netty", "micronaut"),
    ("hibernate-core", "hibernate"),
    ("junit-jupiter", "junit"),
    ("junit", "junit"),
];
/// Files by which programs are often entered.
const ENTRIES: [&str; 4] = ["Main.java", "Application.java", "App.java", "Main.kt"];

/// Looks for projects in Java.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("pom.xml") {
        findings.language(file, Language::Java);
        findings.dependencies(file, &of_pom(text), FRAMEWORKS);
    }
    for name in ["build.gradle", "build.gradle.kts"] {
        for (file, text) in survey.named(name) {
            findings.language(file, Language::Java);
            findings.dependencies(file, &of_gradle(text), FRAMEWORKS);
        }
    }
    if findings.languages.contains(&Language::Java) {
        let is_entry = |file: &&str| file.contains("src/main/") && ENTRIES.contains(&&file[folder_of(file).len()..]);
        survey.files().filter(is_entry).for_each(|file| findings.entry_point(file));
    }
}

/// The artifacts that a `pom.xml` names below its own.
pub(crate) fn of_pom(text: &str) -> Vec<String> {
    let named = text.split("<artifactId>").skip(1).filter_map(|rest| rest.split("</artifactId>").next());
    named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The artifacts that a Gradle script names as `"group:artifact:version"`.
pub(crate) fn of_gradle(text: &str) -> Vec<String> {
    let quoted = text.split(['"', '\'']).skip(1).step_by(2);
    let artifact = |coordinates: &str| {
        let mut parts = coordinates.split(':');
        let (group, artifact) = (parts.next()?, parts.next()?);
        (!group.is_empty() && !artifact.is_empty() && !group.contains(' ')).then(|| artifact.to_owned())
    };
    quoted.filter_map(artifact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_named_in_both_languages() {
        let pom = "<artifactId>a</artifactId><dependency><artifactId> junit-jupiter </artifactId></dependency>";
        assert_eq!(of_pom(pom), ["a", "junit-jupiter"]);
        let gradle = "implementation 'org.postgresql:postgresql:42.7'\ntestImplementation(\"junit:junit:4.13\")\nplugins { id 'java' }\n";
        assert_eq!(of_gradle(gradle), ["postgresql", "junit"]);
    }
}
