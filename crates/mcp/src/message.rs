//! Messages that we originate: the smallest JSON that says it.

use bytes::Bytes;

/// Appends `text` as a JSON string.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            control if u32::from(control) < 0x20 => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
            }
            plain => out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// `text` as a JSON string.
pub fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

/// How many decimal digits a number of 64 bits has at most.
pub const DIGITS_MAX: usize = 20;

/// A number in decimal, written to the end of the buffer.
pub fn digits(mut number: u64, buffer: &mut [u8; DIGITS_MAX]) -> &[u8] {
    let mut start = DIGITS_MAX;
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buffer[start..];
        }
    }
}

/// A request with an id of our own.
pub fn request(id: u64, method: &str, params: &[u8]) -> Bytes {
    let mut out = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}""#).into_bytes();
    push_params(&mut out, params);
    out.into()
}

/// A notification; without `params` if they are empty.
pub fn notification(method: &str, params: &[u8]) -> Bytes {
    let mut out = format!(r#"{{"jsonrpc":"2.0","method":"{method}""#).into_bytes();
    push_params(&mut out, params);
    out.into()
}

/// A request with a given id token.
pub fn request_with_id(id: &[u8], method: &str, params: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(48 + id.len() + method.len() + params.len());
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id);
    out.extend_from_slice(br#","method":"#);
    push_string(&mut out, method);
    push_params(&mut out, params);
    out.into()
}

fn push_params(out: &mut Vec<u8>, params: &[u8]) {
    if !params.is_empty() {
        out.extend_from_slice(br#","params":"#);
        out.extend_from_slice(params);
    }
    out.push(b'}');
}

/// A successful answer to the request with this id token.
pub fn result(id: &[u8], result: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(32 + id.len() + result.len());
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id);
    out.extend_from_slice(br#","result":"#);
    out.extend_from_slice(result);
    out.push(b'}');
    out.into()
}

/// A failed answer; the id is left out when the request's could not be read.
pub fn error(id: Option<&[u8]>, code: i32, text: &str, data: Option<&[u8]>) -> Bytes {
    let mut out = Vec::with_capacity(96 + text.len());
    out.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        out.extend_from_slice(br#""id":"#);
        out.extend_from_slice(id);
        out.push(b',');
    }
    out.extend_from_slice(format!(r#""error":{{"code":{code},"message":"#).as_bytes());
    push_string(&mut out, text);
    if let Some(data) = data {
        out.extend_from_slice(br#","data":"#);
        out.extend_from_slice(data);
    }
    out.extend_from_slice(b"}}");
    out.into()
}

/// An answer whose error object is already there.
pub fn error_raw(id: &[u8], error: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(32 + id.len() + error.len());
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id);
    out.extend_from_slice(br#","error":"#);
    out.extend_from_slice(error);
    out.push(b'}');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 7, 10, 99, 1_234_567_890, u64::MAX] {
            assert_eq!(digits(number, &mut [0; DIGITS_MAX]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn what_we_write_is_json() {
        let nasty = "a\"b\\c\n\u{1}é\u{1f600}";
        let value: serde_json::Value = serde_json::from_slice(&error(None, -1, nasty, Some(b"[1]"))).unwrap();
        assert_eq!(value, serde_json::json!({"jsonrpc":"2.0","error":{"code":-1,"message":nasty,"data":[1]}}));
        let value: serde_json::Value = serde_json::from_slice(&request_with_id(b"\"x\"", "a/b", b"{}")).unwrap();
        assert_eq!(value, serde_json::json!({"jsonrpc":"2.0","id":"x","method":"a/b","params":{}}));
    }
}
