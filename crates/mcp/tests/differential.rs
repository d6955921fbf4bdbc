//! What we accept means the same to others: serde_json, Python's json and Node's JSON.parse read the same value from it.
//! Values are compared in a form that all of them can print: numbers as the double that they denote, which is what
//! JavaScript makes of them, and objects with the last of doubled members, as all three keep it.

mod messages;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::Bytes;
use mcp::{Envelope, ScanLimits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::value::RawValue;

const GENERATED: usize = 1500;

/// Reads hexadecimal lines of JSON, prints a line with the canonical form of each.
const PYTHON: &str = r"
import json, struct, sys

def canonical(value):
    if value is None or value is True or value is False:
        return {None: 'null', True: 'true', False: 'false'}[value]
    if isinstance(value, str):
        return 's' + value.encode().hex()
    if isinstance(value, (int, float)):
        return 'n' + struct.pack('>d', float(value) + 0.0).hex()
    if isinstance(value, list):
        return '[' + ','.join(canonical(item) for item in value) + ']'
    members = sorted((key.encode().hex(), item) for key, item in value.items())
    return '{' + ','.join(key + ':' + canonical(item) for key, item in members) + '}'

for line in sys.stdin.read().split():
    try:
        print(canonical(json.loads(bytes.fromhex(line))))
    except Exception as error:
        print('refused:', type(error).__name__)
";

/// The same for JavaScript.
const NODE: &str = r"
const hex = (text) => Buffer.from(text, 'utf8').toString('hex');
const canonical = (value) => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return 's' + hex(value);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value + 0);
    return 'n' + bytes.toString('hex');
  }
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  const members = Object.keys(value).map((key) => [hex(key), value[key]]);
  members.sort((left, right) => (left[0] < right[0] ? -1 : 1));
  return '{' + members.map(([key, item]) => key + ':' + canonical(item)).join(',') + '}';
};
const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter((line) => line !== '');
for (const line of lines) {
  try {
    console.log(canonical(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(line, 'hex')))));
  } catch (error) {
    console.log('refused: ' + error.name);
  }
}
";

/// Values that readers of JSON are known to stumble over; each becomes part of a message.
const NASTY_VALUES: [&str; 40] = [
    "0",
    "-0",
    "-0.0",
    "1.0",
    "1E0",
    "1e-0",
    "0e9",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890123456789012345678901234567890",
    "0.1",
    "0.30000000000000004",
    "2.2250738585072011e-308",
    "5e-324",
    "2e-324",
    "1e-999",
    "1.7976931348623157e308",
    "3.141592653589793238462643383279502884197169399375105820974944592307",
    r#""""#,
    r#""\u0000""#,
    r#""\ud83d\ude00""#,
    r#""\uD834\uDD1E""#,
    r#""\/\"\\\b\f\n\r\t""#,
    r#""\\u0041""#,
    "\"\u{7f}\u{80}\u{2028}\u{2029}\u{feff}\u{fffd}\u{ffff}\u{10ffff}\"",
    r#""</script><!--""#,
    "[]",
    "[[],[[]],{}]",
    "{}",
    r#"{"":0}"#,
    r#"{"a":1,"a":2}"#,
    r#"{"a":1,"\u0061":2,"A":3}"#,
    r#"{"__proto__":{"x":1},"constructor":1,"toString":2,"hasOwnProperty":3}"#,
    r#"{"1":"b","0":"a","-1":"c","1.0":"d"}"#,
    r#"{"\u0000":1,"\ud83d\ude00":2,"é":3,"é":4}"#,
    " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n",
];

fn nasty() -> impl Iterator<Item = Vec<u8>> {
    NASTY_VALUES.iter().flat_map(|value| {
        [
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{value}}}"#),
            format!(r#"{{"jsonrpc":"2.0","id":{value},"method":"m"}}"#),
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{value}],"_meta":{{"x":{value}}}}}}}"#),
        ]
        .map(String::into_bytes)
    })
}

/// Valid messages, and such with a byte or two changed: some of those we still accept, and must not.
fn generated() -> Vec<Vec<u8>> {
    let intact = messages::message().prop_map(String::into_bytes);
    let edit = (any::<prop::sample::Index>(), prop::sample::select(br#" "\,:[]{}019.-+eEudt/"#.to_vec()));
    let damaged = (messages::message(), prop::collection::vec(edit, 1..3)).prop_map(|(text, edits)| {
        edits.into_iter().fold(text.into_bytes(), |mut text, (at, byte)| {
            let at = at.index(text.len());
            text[at] = byte;
            text
        })
    });
    let strategy = prop_oneof![intact, damaged];
    let mut runner = TestRunner::deterministic();
    let sample = |_| strategy.new_tree(&mut runner).expect("a message").current();
    (0..GENERATED).map(sample).collect()
}

fn canonical(json: &str) -> Option<String> {
    let mut form = String::new();
    write_canonical(&mut form, json)?;
    Some(form)
}

fn write_canonical(form: &mut String, json: &str) -> Option<()> {
    match json.as_bytes().first()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            let members = members.iter().map(|(key, value)| Some(format!("{}:{}", hex(key), canonical(value.get())?)));
            let members: Vec<String> = members.collect::<Option<_>>()?;
            write!(form, "{{{}}}", members.join(",")).ok()
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let items: Vec<String> = items.iter().map(|item| canonical(item.get())).collect::<Option<_>>()?;
            write!(form, "[{}]", items.join(",")).ok()
        }
        b'"' => write!(form, "s{}", hex(serde_json::from_str::<String>(json).ok()?)).ok(),
        b't' | b'f' | b'n' => write!(form, "{json}").ok(),
        _ => write!(form, "n{:016x}", (json.parse::<f64>().ok()? + 0.0).to_bits()).ok(),
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::disallowed_methods, reason = "the other readers of JSON are other programs")]
fn read_by(program: &str, option: &str, script: &str, corpus: &[Envelope]) -> Vec<String> {
    let mut child = Command::new(program)
        .args([option, script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed for this test: {error}"));
    let lines = corpus.iter().fold(String::new(), |lines, message| lines + &hex(message.bytes()) + "\n");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("the reader reads");
    let output = child.wait_with_output().expect("the reader ends");
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("hexadecimal lines").lines().map(str::to_owned).collect()
}

fn accepted() -> Vec<Envelope> {
    nasty()
        .chain(generated())
        .filter_map(|text| Envelope::parse(&Bytes::from(text), ScanLimits::default()).ok())
        .collect()
}

fn text(message: &Envelope) -> &str {
    std::str::from_utf8(message.bytes()).expect("accepted, so utf-8")
}

#[test]
fn what_we_accept_is_the_same_value_to_serde_json_python_and_node() {
    let corpus = accepted();
    assert!(corpus.len() > GENERATED / 2 + NASTY_VALUES.len(), "only {} messages were accepted", corpus.len());
    let python = read_by("python3", "-c", PYTHON, &corpus);
    let node = read_by("node", "-e", NODE, &corpus);
    assert_eq!((python.len(), node.len()), (corpus.len(), corpus.len()), "one line for each message");
    for ((message, python), node) in corpus.iter().zip(&python).zip(&node) {
        let text = text(message);
        serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|error| panic!("serde_json: {error}: {text}"));
        let ours = canonical(text.trim()).unwrap_or_else(|| panic!("serde_json refuses {text}"));
        assert_eq!(python, &ours, "python reads otherwise: {text}");
        assert_eq!(node, &ours, "node reads otherwise: {text}");
    }
}

#[test]
fn what_we_route_on_is_what_others_read() {
    for message in accepted() {
        let text = text(&message);
        let read: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("an object");
        let token = |name: &str| read.get(name).map(|value| value.get().as_bytes());
        assert_eq!(message.id(), token("id"), "{text}");
        assert_eq!(message.params(), token("params"), "{text}");
        assert_eq!(message.result(), token("result"), "{text}");
        assert_eq!(message.error(), token("error"), "{text}");
        let method: Option<String> = read.get("method").map(|method| serde_json::from_str(method.get()).expect("text"));
        assert_eq!(message.method(), method.unwrap_or_default(), "{text}");
    }
}
