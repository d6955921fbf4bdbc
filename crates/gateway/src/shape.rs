//! The last look at a tool result before it goes to the client: text over the configured bound is cut at a line, and the
//! whole is kept. Everything else passes byte for byte, and so does every result where no bound is configured.

use config::Tools;
use mcp::{Envelope, Kind, Method, ResultKey, ScanLimits, Span, Splice, array, message};
use toolkit::{Kept, cut};

use crate::{call::Answer, catalogue::Endpoint, gateway::Parts, results::Results, upstream::Upstream};

impl Parts {
    /// How many bytes of text one result may have. The endpoint of a single server is that server as it is.
    pub fn result_text_max(&self, endpoint: &Endpoint, method: Method) -> usize {
        let bound = self.tools.max_result_bytes;
        let is_bound = bound > 0 && method == Method::ToolsCall && !matches!(endpoint, Endpoint::Server(_));
        if is_bound { bound } else { usize::MAX }
    }

    /// An answer with no more text than that; the whole is kept for its principal. The gateway's own tools answer in pages that are short enough.
    pub fn shaped(&self, answer: Answer, upstream: &Upstream, principal: &str, text_max: usize) -> Answer {
        let text_max = if upstream.is_own() { usize::MAX } else { text_max };
        if answer.envelope.bytes().len() <= text_max || answer.envelope.kind() != Kind::Result {
            return answer;
        }
        match shortened(&answer.envelope, text_max, &self.results, &self.tools, principal) {
            Some(envelope) => Answer { envelope, ..answer },
            None => answer,
        }
    }
}

/// A text block of a result.
struct Text {
    /// Where the block stands in the list of content.
    block: Span,
    text: String,
}

/// The result with its text cut, or `None` if it has no more than `text_max`.
fn shortened(
    result: &Envelope,
    text_max: usize,
    results: &Results,
    bounds: &Tools,
    principal: &str,
) -> Option<Envelope> {
    let span = result.result_members().get(ResultKey::Content).value;
    let content = span.of(result.bytes())?;
    let blocks = array::items(content).ok()?;
    let texts: Vec<Text> = blocks.iter().filter_map(|block| text_of(*block, content)).collect();
    let total: usize = texts.iter().map(|text| text.text.len()).sum();
    if total <= text_max {
        return None;
    }
    let whole = texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join("\n");
    let (kept, whole_bytes) = (results.keep(bounds, principal, &whole), whole.len());
    let (shown, cut) = cut::shown(whole, text_max, kept.as_ref());
    let mut list = first_block(&shown, kept.as_ref(), whole_bytes);
    for block in blocks.iter().filter(|block| texts.iter().all(|text| text.block != **block)) {
        list.push(b',');
        list.extend_from_slice(block.of(content)?);
    }
    list.push(b']');
    let mut splice = Splice::new(result.bytes());
    splice.replace_owned(span, list);
    let about = format!(r#""dev.switchboard/result":{}"#, cut?.to_value());
    let meta = result.meta_members().span;
    if meta.is_some() {
        splice.insert_members(meta, about.into_bytes());
    } else {
        splice.insert_members(result.result_members().span, format!(r#""_meta":{{{about}}}"#).into_bytes());
    }
    Envelope::parse(&splice.apply(), ScanLimits { depth_max: 128 }).ok()
}

/// The start of the new list of content: what is shown, and the way to the rest.
fn first_block(shown: &str, kept: Option<&Kept>, total: usize) -> Vec<u8> {
    let mut list = br#"[{"type":"text","text":"#.to_vec();
    message::push_string(&mut list, shown);
    list.push(b'}');
    if let Some(kept) = kept {
        list.push(b',');
        list.extend_from_slice(kept.link(total).to_string().as_bytes());
    }
    list
}

fn text_of(block: Span, content: &[u8]) -> Option<Text> {
    let raw = block.of(content)?;
    let member = |name| array::member(raw, name).and_then(|span| span.of(raw));
    if member("type")? != br#""text""# {
        return None;
    }
    Some(Text { block, text: serde_json::from_slice(member("text")?).ok()? })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn shaped(result: &Value, text_max: usize) -> Option<(Value, Results)> {
        let text = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
        let envelope = Envelope::parse(&Bytes::from(text), ScanLimits::default()).unwrap();
        let results = Results::default();
        let shaped = shortened(&envelope, text_max, &results, &Tools::default(), "ada")?;
        Some((serde_json::from_slice(shaped.result().unwrap()).unwrap(), results))
    }

    #[tokio::test]
    async fn text_over_the_bound_is_cut_and_the_whole_is_kept() {
        let image = json!({"type": "image", "data": "AAAA", "mimeType": "image/png"});
        let text = |text: &str| json!({"type": "text", "text": text});
        let result = json!({"content": [text("one\ntwo\n"), image, text("three")], "structuredContent": {"n": 1.0}});
        let (shaped, results) = shaped(&result, 6).unwrap();
        let content = shaped["content"].as_array().unwrap();
        assert!(content[0]["text"].as_str().unwrap().starts_with("one\n[cut: 4 of 14 bytes shown"), "{shaped}");
        assert_eq!((&content[1]["type"], &content[2]), (&json!("resource_link"), &image));
        assert_eq!(content.len(), 3);
        assert_eq!(shaped["structuredContent"], json!({"n": 1.0}));
        let id = shaped["_meta"]["dev.switchboard/result"]["ref"].as_str().unwrap();
        assert_eq!(results.read("ada", id).await.as_deref(), Some("one\ntwo\n\nthree"));
    }

    #[test]
    fn what_fits_is_not_touched() {
        let check = |result: Value| assert!(shaped(&result, 6).is_none(), "{result}");
        check(json!({"content": [{"type": "text", "text": "123456"}], "structuredContent": {"long": "0123456789"}}));
        check(json!({"content": [{"type": "image", "data": "0123456789"}]}));
        check(json!({"content": "0123456789"}));
        check(json!({"tools": []}));
    }
}
