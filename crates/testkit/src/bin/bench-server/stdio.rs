//! The stdio face: one line in, one line out; what arrived together is answered together, and what takes a while holds up
//! the rest.

use std::io::{self, BufRead as _, BufReader, Write as _};

use crate::answers::Answers;

/// Serves until standard input ends.
pub(crate) fn serve(answers: &Answers) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, io::stdin().lock());
    let mut output = io::stdout().lock();
    let mut line = Vec::new();
    let mut pending = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if let Some(answer) = answers.answer(&line) {
            std::thread::sleep(answer.after);
            pending.extend_from_slice(&answer.bytes);
            pending.push(b'\n');
        }
        line.clear();
        if input.buffer().is_empty() {
            output.write_all(&pending)?;
            output.flush()?;
            pending.clear();
        }
    }
    Ok(())
}
