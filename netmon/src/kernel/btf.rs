//! Where the members of the kernel's structures lie, from the kernel's own description of its types
//! (Documentation/bpf/btf.rst). The one crate for it that is kept has a licence that this program cannot take.

use std::fs;

/// Where the kernel describes its types.
const FILE: &str = "/sys/kernel/btf/vmlinux";

const MAGIC: u16 = 0xeb9f;
const STRUCT: u32 = 4;
const FORWARD: u32 = 7;
const DEFINITION: u32 = 8;

/// Bytes of what all types have.
const HEAD: usize = 12;

/// The kernel's description of its types.
pub(super) struct Types(Vec<u8>);

/// One of them: where it stands in the description, where its name stands, and of what kind it is.
struct Type {
    at: usize,
    name: u32,
    info: u32,
}

impl Type {
    const fn kind(&self) -> u32 {
        self.info >> 24 & 0x1f
    }
}

impl Types {
    /// `None` where the kernel does not tell.
    pub(super) fn read() -> Option<Self> {
        fs::read(FILE).ok().map(Self)
    }

    /// Where these members of a structure lie, in bytes; `None` where the kernel does not say.
    pub(super) fn offsets<const N: usize>(&self, structure: &str, members: [&str; N]) -> Option<[u32; N]> {
        let one = self
            .all()
            .find(|one| one.kind() == STRUCT && self.is_named(one.name, structure))?;
        let (count, with_widths) = ((one.info & 0xffff) as usize, one.info >> 31 != 0);
        find(members, |member| {
            (0..count).find_map(|number| {
                let [name, offset] = [0, 8].map(|part| self.word(one.at + HEAD + number * 12 + part));
                let bits = if with_widths {
                    offset? & 0x00ff_ffff
                } else {
                    offset?
                };
                self.is_named(name?, member).then_some(bits / 8)
            })
        })
    }

    /// A description in which the type definition of this name has the same number, and all before it are empty. The whole
    /// one takes 30 MiB once aya has read it, and nearly as long as all else.
    pub(super) fn only_definition(&self, name: &str) -> Option<Vec<u8>> {
        let before = self
            .all()
            .position(|one| one.kind() == DEFINITION && self.is_named(one.name, name))?;
        let types = u32::try_from((before + 1) * HEAD).ok()?;
        let strings = u32::try_from(name.len() + 2).ok()?;
        let mut only = Vec::with_capacity(24 + (before + 1) * HEAD + name.len() + 2);
        only.extend(MAGIC.to_ne_bytes());
        only.extend([1, 0]);
        let header = [24, 0, types, types, strings];
        let empty = std::iter::repeat_n([0, FORWARD << 24, 0], before).flatten();
        let words = header.into_iter().chain(empty).chain([1, DEFINITION << 24, 0]);
        only.extend(words.flat_map(u32::to_ne_bytes));
        only.push(0);
        only.extend(name.bytes());
        only.push(0);
        Some(only)
    }

    /// All types that can be read, in the order of their numbers, of which the first is 1.
    fn all(&self) -> impl Iterator<Item = Type> {
        let is_known = self.0.first_chunk().map(|magic| u16::from_ne_bytes(*magic)) == Some(MAGIC);
        let [header, types, types_len] = [4, 8, 12].map(|at| self.word(at).unwrap_or(0) as usize);
        let mut at = header + types;
        let end = if is_known { at + types_len } else { 0 };
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let one = Type {
                at,
                name: self.word(at)?,
                info: self.word(at + 4)?,
            };
            at += HEAD + behind(one.kind(), (one.info & 0xffff) as usize)?;
            Some(one)
        })
    }

    fn word(&self, at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(self.0.get(at..)?.first_chunk().copied()?))
    }

    fn is_named(&self, name: u32, wanted: &str) -> bool {
        let [header, strings] = [4, 16].map(|at| self.word(at).unwrap_or(0) as usize);
        let text = self.0.get(header + strings + name as usize..);
        text.and_then(|text| text.strip_prefix(wanted.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&0))
    }
}

fn find<const N: usize>(members: [&str; N], offset: impl Fn(&str) -> Option<u32>) -> Option<[u32; N]> {
    let mut found = [0; N];
    for (found, member) in found.iter_mut().zip(members) {
        *found = offset(member)?;
    }
    Some(found)
}

/// How many bytes follow a type of that kind; `None` for one that is not known, behind which nothing can be read.
const fn behind(kind: u32, count: usize) -> Option<usize> {
    Some(match kind {
        // Integers, variables, declaration tags.
        1 | 14 | 17 => 4,
        // Arrays.
        3 => 12,
        // Structures, unions, sections, enumerations of 64 bits.
        4 | 5 | 15 | 19 => count * 12,
        // Enumerations, prototypes.
        6 | 13 => count * 8,
        // Pointers, forward declarations, type definitions, qualifiers, functions, floats, type tags.
        2 | 7..=12 | 16 | 18 => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use aya::{Btf, Endianness};

    use super::*;

    fn types() -> Types {
        let strings = b"\0task\0leader\0comm\0";
        let types: [&[u32]; 4] = [
            // An integer, a structure without a name, and the one.
            &[0, 1 << 24, 4, 32],
            &[0, STRUCT << 24 | 1, 4, 6, 1, 0],
            &[1, STRUCT << 24 | 2, 24, 6, 1, 64, 13, 1, 128],
            &[13, DEFINITION << 24, 1],
        ];
        let types: Vec<u8> = types
            .concat()
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        let mut btf = MAGIC.to_ne_bytes().to_vec();
        btf.extend([1, 0]);
        let (types_len, strings_len) = (
            u32::try_from(types.len()).unwrap(),
            u32::try_from(strings.len()).unwrap(),
        );
        for word in [24, 0, types_len, types_len, strings_len] {
            btf.extend(u32::to_ne_bytes(word));
        }
        btf.extend(types);
        btf.extend(strings);
        Types(btf)
    }

    #[test]
    fn members_are_found_by_name_behind_types_of_other_kinds() {
        let types = types();
        assert_eq!(types.offsets("task", ["leader", "comm"]), Some([8, 16]));
        assert_eq!(types.offsets("task", ["leade"]), None);
        assert_eq!(types.offsets("tas", ["leader"]), None);
        let cut = Types(types.0.into_iter().take(40).collect());
        assert_eq!(cut.offsets("task", ["leader"]), None);
    }

    #[test]
    fn a_definition_alone_has_the_same_number() {
        let types = types();
        let only = Types(types.only_definition("comm").unwrap());
        let kinds: Vec<_> = only
            .all()
            .map(|one| (one.kind(), only.is_named(one.name, "comm")))
            .collect();
        let empty = (FORWARD, false);
        assert_eq!(kinds, [empty, empty, empty, (DEFINITION, true)]);
        assert!(Btf::parse(&only.0, Endianness::default()).is_ok());
        assert_eq!(types.only_definition("leader"), None);
    }
}
