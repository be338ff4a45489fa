//! Where a member of a response is: its name, a path of names, or several of them.
//!
//! `token` is a member of the response's object, `data.token` a member of the object `data`, and `user.token|token` the first
//! of the two that the response has. A member whose own name has a dot goes before a path.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use crate::body_fault::BodyFault;
use crate::json::{Json, Object};

/// The first member that this name means and that is not `null`.
///
/// # Errors
///
/// When an object on the way has the member twice.
pub(crate) fn member<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Json>, BodyFault> {
    for path in alternatives(name) {
        if let Some(value) = at(object, path)?.filter(|value| !value.is_null()) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// As [`member`]; of a repeated member the last one counts.
pub(crate) fn last_member<'a>(object: &'a Object, name: &str) -> Option<&'a Json> {
    let at = |path: &str| {
        object.get(path).or_else(|| {
            let (outer, member) = split(path);
            outer.into_iter().try_fold(object, Object::object)?.get(member)
        })
    };
    alternatives(name).filter_map(at).find(|value| !value.is_null())
}

/// The paths that a name means, in order.
pub(crate) fn alternatives(name: &str) -> impl Iterator<Item = &str> {
    name.split('|')
}

/// The objects around a member, from the outermost, and its own name.
pub(crate) fn split(path: &str) -> (Vec<&str>, &str) {
    let mut names: Vec<_> = path.split('.').collect();
    let member = names.pop().unwrap_or_default();
    (names, member)
}

/// The value without the members at these paths; `None` if no other member is left in an object.
pub(crate) fn without(value: &Json, paths: &[&str]) -> Option<Json> {
    let Json::Object(object) = value else { return Some(value.clone()) };
    let mut left = Vec::new();
    for (name, value) in object.members().filter(|(name, _)| !paths.contains(name)) {
        let inner = below(name, paths);
        let kept = if inner.is_empty() { Some(value.clone()) } else { without(value, &inner) };
        left.extend(kept.map(|value| (name.to_string(), value)));
    }
    (!left.is_empty()).then(|| Json::Object(Object::of(left)))
}

/// The paths within this member.
pub(crate) fn below<'a>(name: &str, paths: &[&'a str]) -> Vec<&'a str> {
    paths.iter().filter_map(|path| path.strip_prefix(name)?.strip_prefix('.')).collect()
}

fn at<'a>(object: &'a Object, path: &str) -> Result<Option<&'a Json>, BodyFault> {
    if let Some(value) = object.only(path)? {
        return Ok(Some(value));
    }
    match path.split_once('.') {
        Some((first, rest)) => match object.only(first)? {
            Some(Json::Object(inner)) => at(inner, rest),
            _ => Ok(None),
        },
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        Object::parse(text.as_bytes()).unwrap()
    }

    fn found<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
        member(object, name).unwrap().and_then(Json::as_text)
    }

    #[test]
    fn a_name_is_a_member_a_path_or_the_first_of_several() {
        let answer = object(r#"{"t":"outer","a":{"b":{"t":"inner"}},"d.t":"dotted","n":null}"#);
        assert_eq!(found(&answer, "t"), Some("outer"));
        assert_eq!(found(&answer, "a.b.t"), Some("inner"));
        assert_eq!(found(&answer, "d.t"), Some("dotted"));
        assert_eq!(found(&answer, "n|x.t|a.b.t|t"), Some("inner"));
        for absent in ["x", "a.t", "t.t", "a.b", "n", "", "."] {
            assert_eq!(found(&answer, absent), None, "{absent}");
            assert_eq!(last_member(&answer, absent).and_then(Json::as_text), None, "{absent}");
        }
        assert!(member(&object(r#"{"a":{"t":"1","t":"2"}}"#), "a.t").is_err());
        assert!(member(&object(r#"{"a":{"t":"1"},"a":{}}"#), "a.t").is_err());
    }

    #[test]
    fn members_are_left_without_what_stands_at_the_paths() {
        let answer = Json::Object(object(r#"{"t":"1","a":{"t":"2","u":"3","b":{"t":"4"}},"z":5}"#));
        let left = without(&answer, &["t", "a.t", "a.b.t"]).unwrap();
        assert_eq!(left.to_json(), r#"{"a":{"u":"3"},"z":5}"#);
        assert!(without(&left, &["a.u", "z"]).is_none());
    }
}
