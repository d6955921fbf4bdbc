//! The compact binary form of what we seal: big-endian numbers and length-prefixed bytes.
//! Only for our own eyes inside a seal, so it carries neither names nor types; a reader takes fields
//! in the order they were put and must find nothing behind the last one.

/// Appends fields to a payload.
#[derive(Debug, Default)]
pub struct Packer(Vec<u8>);

/// Takes fields from a payload.
#[derive(Debug)]
pub struct Unpacker<'payload>(&'payload [u8]);

impl Packer {
    /// Appends bytes whose number the reader knows.
    pub fn put_array<const LENGTH: usize>(&mut self, bytes: [u8; LENGTH]) {
        self.0.extend_from_slice(&bytes);
    }

    /// Appends a number of 32 bits.
    pub fn put_u32(&mut self, value: u32) {
        self.put_array(value.to_be_bytes());
    }

    /// Appends a number of 64 bits.
    pub fn put_u64(&mut self, value: u64) {
        self.put_array(value.to_be_bytes());
    }

    /// Appends bytes and how many they are; no more than 4 GiB fit.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_u32(bytes.len() as u32);
        self.0.extend_from_slice(bytes);
    }

    /// The payload.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

impl<'payload> Unpacker<'payload> {
    /// Begins at the front of `payload`.
    pub fn new(payload: &'payload [u8]) -> Self {
        Self(payload)
    }

    /// Takes bytes of a known number.
    pub fn take_array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    /// Takes a number of 32 bits.
    pub fn take_u32(&mut self) -> Option<u32> {
        self.take_array().map(u32::from_be_bytes)
    }

    /// Takes a number of 64 bits.
    pub fn take_u64(&mut self) -> Option<u64> {
        self.take_array().map(u64::from_be_bytes)
    }

    /// Takes bytes that say how many they are.
    pub fn take_bytes(&mut self) -> Option<&'payload [u8]> {
        let length = usize::try_from(self.take_u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Takes bytes that are text.
    pub fn take_string(&mut self) -> Option<String> {
        std::str::from_utf8(self.take_bytes()?).ok().map(str::to_owned)
    }

    /// Whether everything was taken.
    pub fn is_finished(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_beyond_the_payload_takes_nothing() {
        assert_eq!(Unpacker::new(&[0xff, 0xff, 0xff, 0xff, 1]).take_bytes(), None);
        assert_eq!(Unpacker::new(&[0, 0, 0]).take_u32(), None);
        assert_eq!(Unpacker::new(&[0, 0, 0, 1, 0xff]).take_string(), None);
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(number in any::<u64>(), small in any::<u32>(), text in ".{0,20}", id in any::<[u8; 16]>()) {
            let mut packer = Packer::default();
            packer.put_u64(number);
            packer.put_bytes(text.as_bytes());
            packer.put_array(id);
            packer.put_u32(small);
            let payload = packer.finish();
            let mut unpacker = Unpacker::new(&payload);
            prop_assert_eq!(unpacker.take_u64(), Some(number));
            prop_assert_eq!(unpacker.take_string(), Some(text));
            prop_assert_eq!(unpacker.take_array(), Some(id));
            prop_assert_eq!(unpacker.take_u32(), Some(small));
            prop_assert!(unpacker.is_finished());
        }
    }
}
