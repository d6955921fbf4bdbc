//! Certificates for tests: an authority of its own for each, and what it vouches for, as PEM files.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// The file with the certificate of the authority.
pub const AUTHORITY: &str = "authority.pem";

/// An authority and the folder with its files.
#[derive(Debug)]
pub struct Papers {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Papers {
    /// A new authority, whose certificate stands in [`AUTHORITY`].
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are no wrong names");
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority can be made");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let papers = Self { folder, authority };
        papers.write(AUTHORITY, &papers.authority.pem());
        papers
    }

    /// Makes `NAME.pem` and `NAME.key` for somebody on this machine.
    ///
    /// # Panics
    ///
    /// When they cannot be made.
    pub fn issue(&self, name: &str) {
        self.issue_by(name, &of_this_machine());
    }

    /// As [`Self::issue`], valid from the start of one year to that of another.
    ///
    /// # Panics
    ///
    /// When they cannot be made.
    pub fn issue_for_years(&self, name: &str, from: i32, until: i32) {
        let start = |year| date_time_ymd(year, 1, 1);
        let mut params = of_this_machine();
        (params.not_before, params.not_after) = (start(from), start(until));
        self.issue_by(name, &params);
    }

    fn issue_by(&self, name: &str, params: &CertificateParams) {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &*self.authority).expect("the authority signs");
        self.write(&format!("{name}.pem"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    /// Where a file is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("a temporary file can be written");
    }
}

fn of_this_machine() -> CertificateParams {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    CertificateParams::new(names).expect("the names are right")
}

impl Default for Papers {
    fn default() -> Self {
        Self::new()
    }
}
