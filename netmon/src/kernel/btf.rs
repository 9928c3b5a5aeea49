//! Where the members of the kernel's structures lie, from the kernel's own description of its types
//! (Documentation/bpf/btf.rst). The one crate for it that is kept has a licence that this program cannot take.

use std::fs;

/// Where the kernel describes its types.
const FILE: &str = "/sys/kernel/btf/vmlinux";

const MAGIC: u16 = 0xeb9f;
const STRUCT: u32 = 4;

/// Where these members of a structure lie, in bytes; `None` where the kernel does not say.
pub(super) fn offsets<const N: usize>(structure: &str, members: [&str; N]) -> Option<[u32; N]> {
    offsets_in(&fs::read(FILE).ok()?, structure, members)
}

fn offsets_in<const N: usize>(btf: &[u8], structure: &str, members: [&str; N]) -> Option<[u32; N]> {
    let word = |at: usize| Some(u32::from_ne_bytes(btf.get(at..)?.first_chunk().copied()?));
    if u16::from_ne_bytes(*btf.first_chunk()?) != MAGIC {
        return None;
    }
    let [header, types, types_len, strings] = [4, 8, 12, 16].map(|at| word(at).map(|word| word as usize));
    let (mut at, strings) = (header? + types?, header? + strings?);
    let end = at + types_len?;
    let is_named = |name: u32, wanted: &str| {
        let text = btf.get(strings + name as usize..);
        text.and_then(|text| text.strip_prefix(wanted.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&0))
    };
    while at < end {
        let (name, info) = (word(at)?, word(at + 4)?);
        let (kind, count) = (info >> 24 & 0x1f, (info & 0xffff) as usize);
        at += 12;
        if kind == STRUCT && is_named(name, structure) {
            let with_widths = info >> 31 != 0;
            return find(members, |member| {
                (0..count).find_map(|number| {
                    let [name, offset] = [0, 8].map(|part| word(at + number * 12 + part));
                    let bits = if with_widths {
                        offset? & 0x00ff_ffff
                    } else {
                        offset?
                    };
                    is_named(name?, member).then_some(bits / 8)
                })
            });
        }
        at += behind(kind, count)?;
    }
    None
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
    use super::*;

    #[test]
    fn members_are_found_by_name_behind_types_of_other_kinds() {
        let strings = b"\0task\0leader\0comm\0";
        let types: [&[u32]; 3] = [
            // An integer, a structure without a name, and the one.
            &[0, 1 << 24, 4, 32],
            &[0, STRUCT << 24 | 1, 4, 6, 1, 0],
            &[1, STRUCT << 24 | 2, 24, 6, 1, 64, 13, 1, 128],
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
        assert_eq!(offsets_in(&btf, "task", ["leader", "comm"]), Some([8, 16]));
        assert_eq!(offsets_in(&btf, "task", ["leade"]), None);
        assert_eq!(offsets_in(&btf, "tas", ["leader"]), None);
        assert_eq!(offsets_in(&btf[..40], "task", ["leader"]), None);
    }
}
