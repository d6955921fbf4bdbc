//! The boxes of an AVIF file (ISO/IEC 23008-12 and the AVIF specification): which item is the picture, where its bytes are,
//! and its properties. Lengths and counts come from strangers: every one is checked against what is there.

use std::collections::HashMap;

use image::metadata::Orientation;

use super::damaged;
use crate::error::Error;

/// Items and properties of a file; a picture with transparency, a profile and a camera's notes has four items.
const ITEMS_MAX: usize = 256;

/// What the container of a still picture holds.
#[derive(Debug, Default)]
pub(super) struct Container {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: u8,
    pub(super) monochrome: bool,
    pub(super) animated: bool,
    /// The AV1 data of the colours.
    pub(super) colour: Vec<u8>,
    /// The AV1 data of the transparency.
    pub(super) alpha: Option<Vec<u8>>,
    /// An ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    /// What the camera wrote.
    pub(super) exif: Option<Vec<u8>>,
    /// Quarter turns against the clock, then a mirror: `Some(true)` swaps left and right.
    turns: u8,
    mirror: Option<bool>,
}

impl Container {
    /// Reads the boxes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut meta = None;
        let mut animated = false;
        for (kind, content) in boxes(bytes) {
            match kind {
                b"ftyp" => animated = content.get(..4) == Some(b"avis"),
                b"meta" => meta = Some(Meta::read(content.get(4..).unwrap_or_default())?),
                _ => {}
            }
        }
        let meta = meta.ok_or_else(|| damaged("it has no table of contents"))?;
        let mut container = meta.container(bytes)?;
        container.animated = animated;
        Ok(container)
    }

    /// How the picture has to be turned to stand upright.
    pub(super) fn orientation(&self) -> Orientation {
        match (self.turns % 4, self.mirror) {
            (0, None) => Orientation::NoTransforms,
            (1, None) => Orientation::Rotate270,
            (2, None) => Orientation::Rotate180,
            (3, None) => Orientation::Rotate90,
            (0, Some(true)) | (2, Some(false)) => Orientation::FlipHorizontal,
            (0, Some(false)) | (2, Some(true)) => Orientation::FlipVertical,
            (1, Some(true)) | (3, Some(false)) => Orientation::Rotate270FlipH,
            _ => Orientation::Rotate90FlipH,
        }
    }
}

/// The table of contents.
#[derive(Default)]
struct Meta<'a> {
    primary: u32,
    kinds: HashMap<u32, &'a [u8]>,
    places: HashMap<u32, Vec<Extent>>,
    data: &'a [u8],
    properties: Vec<(&'a [u8], &'a [u8])>,
    /// Which properties an item has, as indices from 0.
    owned: HashMap<u32, Vec<usize>>,
    /// `(kind, from, to)`.
    references: Vec<(&'a [u8], u32, u32)>,
}

/// Where a part of an item lies.
struct Extent {
    in_data: bool,
    offset: u64,
    length: u64,
}

impl<'a> Meta<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut meta = Self::default();
        for (kind, content) in boxes(bytes) {
            let mut reader = Reader { bytes: content };
            let known = match kind {
                b"pitm" => meta.read_primary(&mut reader),
                b"iinf" => meta.read_kinds(&mut reader),
                b"iloc" => meta.read_places(&mut reader),
                b"iref" => meta.read_references(&mut reader),
                b"iprp" => meta.read_properties(content),
                b"idat" => {
                    meta.data = content;
                    Some(())
                }
                _ => Some(()),
            };
            known.ok_or_else(|| damaged("its table of contents is cut"))?;
        }
        Ok(meta)
    }

    fn read_primary(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let version = reader.number(4)? >> 24;
        self.primary = reader.number(if version == 0 { 2 } else { 4 })? as u32;
        Some(())
    }

    fn read_kinds(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        let version = reader.number(4)? >> 24;
        reader.number(if version == 0 { 2 } else { 4 })?;
        for (kind, content) in boxes(reader.bytes).take(ITEMS_MAX) {
            let mut entry = Reader { bytes: content };
            let version = entry.number(4)? >> 24;
            if kind != b"infe" || version < 2 {
                continue;
            }
            let item = entry.number(if version == 2 { 2 } else { 4 })? as u32;
            entry.number(2)?;
            self.kinds.insert(item, entry.take(4)?);
        }
        Some(())
    }

    fn read_places(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let version = reader.number(4)? >> 24;
        let sizes = reader.number(2)?;
        let [offset_size, length_size, base_size, index_size] =
            [12, 8, 4, 0].map(|shift| (sizes >> shift & 0xf) as usize);
        let wide = if version < 2 { 2 } else { 4 };
        let count = reader.number(wide)? as usize;
        for _ in 0..count.min(ITEMS_MAX) {
            let item = reader.number(wide)? as u32;
            let in_data = version > 0 && reader.number(2)? & 0xf == 1;
            reader.number(2)?;
            let base = reader.number(base_size)?;
            let parts = reader.number(2)? as usize;
            let mut extents = Vec::new();
            for _ in 0..parts.min(ITEMS_MAX) {
                if version > 0 {
                    reader.number(index_size)?;
                }
                let offset = base.checked_add(reader.number(offset_size)?)?;
                extents.push(Extent { in_data, offset, length: reader.number(length_size)? });
            }
            self.places.insert(item, extents);
        }
        Some(())
    }

    fn read_references(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        let wide = if reader.number(4)? >> 24 == 0 { 2 } else { 4 };
        for (kind, content) in boxes(reader.bytes).take(ITEMS_MAX) {
            let mut entry = Reader { bytes: content };
            let from = entry.number(wide)? as u32;
            let count = entry.number(2)? as usize;
            for _ in 0..count.min(ITEMS_MAX) {
                self.references.push((kind, from, entry.number(wide)? as u32));
            }
        }
        Some(())
    }

    fn read_properties(&mut self, bytes: &'a [u8]) -> Option<()> {
        for (kind, content) in boxes(bytes) {
            match kind {
                b"ipco" => {
                    self.properties = boxes(content).take(ITEMS_MAX).map(|(kind, bytes)| (&kind[..], bytes)).collect();
                }
                b"ipma" => self.read_owned(&mut Reader { bytes: content })?,
                _ => {}
            }
        }
        Some(())
    }

    fn read_owned(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let head = reader.number(4)?;
        let (version, is_wide) = (head >> 24, head & 1 == 1);
        let count = reader.number(4)? as usize;
        for _ in 0..count.min(ITEMS_MAX) {
            let item = reader.number(if version == 0 { 2 } else { 4 })? as u32;
            for _ in 0..reader.number(1)? {
                // the highest bit says that a reader must know the property
                let index = if is_wide { reader.number(2)? & 0x7fff } else { reader.number(1)? & 0x7f };
                if let Some(index) = (index as usize).checked_sub(1) {
                    self.owned.entry(item).or_default().push(index);
                }
            }
        }
        Some(())
    }

    /// The properties of an item.
    fn of(&self, item: u32) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.owned.get(&item).into_iter().flatten().filter_map(|index| self.properties.get(*index).copied())
    }

    /// The bytes of an item.
    fn bytes(&self, item: u32, file: &[u8]) -> Result<Vec<u8>, Error> {
        let cut = || damaged("it ends too early");
        let mut bytes = Vec::new();
        for extent in self.places.get(&item).ok_or_else(cut)? {
            let from = if extent.in_data { self.data } else { file };
            let start = usize::try_from(extent.offset).map_err(|_| cut())?;
            let rest = from.get(start..).ok_or_else(cut)?;
            let length =
                if extent.length == 0 { rest.len() } else { usize::try_from(extent.length).map_err(|_| cut())? };
            if bytes.len() + length > file.len() {
                return Err(cut());
            }
            bytes.extend_from_slice(rest.get(..length).ok_or_else(cut)?);
        }
        if bytes.is_empty() { Err(cut()) } else { Ok(bytes) }
    }

    fn container(&self, file: &[u8]) -> Result<Container, Error> {
        match self.kinds.get(&self.primary) {
            Some(&b"av01") => {}
            Some(&b"grid") => return Err(Error::Unsupported("an AVIF made of tiles cannot be read".to_owned())),
            _ => return Err(damaged("it has no picture")),
        }
        let mut container = Container { colour: self.bytes(self.primary, file)?, depth: 8, ..Container::default() };
        for (kind, content) in self.of(self.primary) {
            container.take_property(kind, content).ok_or_else(|| damaged("a property of it is cut"))?;
        }
        if container.width == 0 || container.height == 0 {
            return Err(damaged("it has no size"));
        }
        if let Some(item) = self.alpha() {
            container.alpha = Some(self.bytes(item, file)?);
        }
        container.exif = self.exif(file);
        Ok(container)
    }

    /// The item that is the transparency of the picture.
    fn alpha(&self) -> Option<u32> {
        let is_alpha = |item: u32| {
            self.of(item).any(|(kind, content)| kind == b"auxC" && content.windows(5).any(|word| word == b"alpha"))
        };
        let beside = self.references.iter().filter(|(kind, _, to)| *kind == b"auxl" && *to == self.primary);
        beside.map(|(_, from, _)| *from).find(|item| is_alpha(*item))
    }

    fn exif(&self, file: &[u8]) -> Option<Vec<u8>> {
        let (item, _) = self.kinds.iter().find(|(_, kind)| **kind == b"Exif")?;
        let bytes = self.bytes(*item, file).ok()?;
        let skip = u32::from_be_bytes(*bytes.first_chunk::<4>()?) as usize;
        bytes.get(4usize.checked_add(skip)?..).map(<[u8]>::to_vec)
    }
}

impl Container {
    fn take_property(&mut self, kind: &[u8], content: &[u8]) -> Option<()> {
        let mut reader = Reader { bytes: content };
        match kind {
            b"ispe" => {
                reader.number(4)?;
                (self.width, self.height) = (reader.number(4)? as u32, reader.number(4)? as u32);
            }
            b"av1C" => {
                let flags = reader.number(3)? & 0xff;
                let (is_deep, is_twelve) = (flags & 0x40 != 0, flags & 0x20 != 0);
                self.depth = if is_deep && is_twelve {
                    12
                } else if is_deep {
                    10
                } else {
                    8
                };
                self.monochrome = flags & 0x10 != 0;
            }
            b"irot" => self.turns = (reader.number(1)? & 3) as u8,
            b"imir" => self.mirror = Some(reader.number(1)? & 1 == 1),
            b"colr" if matches!(reader.take(4)?, b"prof" | b"rICC") => self.profile = Some(reader.bytes.to_vec()),
            _ => {}
        }
        Some(())
    }
}

/// Takes numbers and bytes from the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number of at most eight bytes, the highest first.
    fn number(&mut self, length: usize) -> Option<u64> {
        (length <= 8).then_some(())?;
        Some(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// The boxes in these bytes: kind and content. What is cut ends the list.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut reader = Reader { bytes };
    std::iter::from_fn(move || {
        let whole = reader.bytes.len();
        let short = reader.number(4)?;
        let kind: &[u8; 4] = reader.take(4)?.first_chunk()?;
        let length = match short {
            0 => whole as u64,
            1 => reader.number(8)?,
            length => length,
        };
        let head = (whole - reader.bytes.len()) as u64;
        let content = reader.take(usize::try_from(length.checked_sub(head)?).ok()?)?;
        Some((kind, content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_listed_until_one_is_cut() {
        let bytes = b"\0\0\0\x0aftypab\0\0\0\x01mdat\0\0\0\0\0\0\0\x11z\0\0\0\x09cut";
        let listed: Vec<_> = boxes(bytes).collect();
        assert_eq!(listed, [(b"ftyp", &b"ab"[..]), (b"mdat", &b"z"[..])]);
    }

    #[test]
    fn a_container_that_is_cut_anywhere_is_refused() {
        let pixels = image::DynamicImage::new_rgb8(16, 16);
        let file = crate::picture::encode::avif::encode(&pixels, 60, None).unwrap();
        assert_eq!(Container::read(&file).unwrap().width, 16);
        for end in 0..file.len() {
            let cut = Container::read(&file[..end]);
            assert!(cut.is_err(), "{end} of {} bytes", file.len());
        }
    }
}
