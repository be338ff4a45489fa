//! JSON that keeps the order of its members, may contain a member twice, and can be changed member by member.

/// A JSON object before it is written.
#[derive(Clone, Default)]
pub(crate) struct Document {
    members: Vec<(String, Node)>,
}

/// A value: JSON text as it will be written, or an object whose members can still change.
#[derive(Clone)]
pub(crate) enum Node {
    Text(String),
    Object(Document),
}

impl Document {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a member with this JSON text.
    pub(crate) fn json(mut self, name: &str, json: impl Into<String>) -> Self {
        self.members.push((name.to_owned(), Node::Text(json.into())));
        self
    }

    pub(crate) fn string(self, name: &str, value: &str) -> Self {
        self.json(name, quoted(value))
    }

    pub(crate) fn number(self, name: &str, value: u64) -> Self {
        self.json(name, value.to_string())
    }

    pub(crate) fn bool(self, name: &str, value: bool) -> Self {
        self.json(name, value.to_string())
    }

    pub(crate) fn strings(self, name: &str, values: &[&str]) -> Self {
        let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
        self.json(name, format!("[{}]", values.join(",")))
    }

    pub(crate) fn object(mut self, name: &str, value: Self) -> Self {
        self.members.push((name.to_owned(), Node::Object(value)));
        self
    }

    pub(crate) fn render(&self) -> String {
        let members: Vec<_> = self
            .members
            .iter()
            .map(|(name, node)| match node {
                Node::Text(json) => format!("{}:{json}", quoted(name)),
                Node::Object(inner) => format!("{}:{}", quoted(name), inner.render()),
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }

    /// The JSON text of a member, found as [`Self::change`] finds it.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let (holder, at) = self.clone().locate(path)?;
        match &holder.members[at].1 {
            Node::Text(json) => Some(json.clone()),
            Node::Object(inner) => Some(inner.render()),
        }
    }

    /// The value of a member that is a string.
    pub(crate) fn string_at(&self, path: &str) -> Option<String> {
        serde_json::from_str(&self.text(path)?).ok()
    }

    /// Rewrites the JSON text of a member; `false` if there is no such member.
    ///
    /// Dots in a path lead into objects. `access_token` and `refresh_token` are also found under their names in
    /// Hive's envelope.
    pub(crate) fn change(&mut self, path: &str, change: impl FnOnce(&str) -> Option<String>) -> bool {
        let Some(old) = self.text(path) else { return false };
        let new = change(&old);
        self.visit(path, |holder, at| match new {
            Some(new) => holder.members[at].1 = Node::Text(new),
            None => drop(holder.members.remove(at)),
        })
    }

    /// Adds a member a second time, right after the first; `false` if there is no first.
    pub(crate) fn repeat(&mut self, path: &str, json: String) -> bool {
        self.visit(path, |holder, at| {
            let name = holder.members[at].0.clone();
            holder.members.insert(at + 1, (name, Node::Text(json)));
        })
    }

    /// Sets the JSON text of a member; adds the member at the end if it is missing.
    pub(crate) fn set(&mut self, path: &str, json: String) {
        if !self.change(path, |_| Some(json.clone())) {
            self.members.push((path.to_owned(), Node::Text(json)));
        }
    }

    fn visit(&mut self, path: &str, act: impl FnOnce(&mut Self, usize)) -> bool {
        match self.locate_mut(path) {
            Some((holder, at)) => {
                act(holder, at);
                true
            }
            None => false,
        }
    }

    fn locate(mut self, path: &str) -> Option<(Self, usize)> {
        self.locate_mut(path).map(|(holder, at)| (holder.clone(), at))
    }

    fn locate_mut(&mut self, path: &str) -> Option<(&mut Self, usize)> {
        if let Some(at) = self.members.iter().position(|(name, _)| name == path) {
            return Some((self, at));
        }
        let (first, rest) = match path {
            "access_token" => ("data", "accessToken"),
            "refresh_token" => ("data", "refreshToken"),
            _ => path.split_once('.')?,
        };
        let inner = self.members.iter_mut().find_map(|(name, node)| match node {
            Node::Object(inner) if name == first => Some(inner),
            _ => None,
        })?;
        inner.locate_mut(rest)
    }
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_can_be_changed_repeated_and_removed() {
        let mut document = Document::new()
            .string("z", "a\"\r\n")
            .number("a", 5)
            .object("data", Document::new().string("accessToken", "t").bool("b", true));
        assert!(document.change("access_token", |old| Some(format!("[{old}]"))));
        assert!(document.repeat("a", "6".into()));
        assert!(document.change("data.b", |_| None));
        assert!(!document.change("refresh_token", |_| None));
        document.set("new", "null".into());
        assert_eq!(
            document.render(),
            r#"{"z":"a\"\r\n","a":5,"a":6,"data":{"accessToken":["t"]},"new":null}"#
        );
    }
}
