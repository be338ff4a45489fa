//! The scripts that the server runs, each on one key: what they do happens at once or not at all.
//!
//! A record is a hash. `v` is the byte 1, which stands for this layout, and the 16 bytes of its version; `r` is the encoded
//! record; `e` with the 16 bytes of a domain notes that the owner of that liveness lock has ended. A swap writes the hash
//! anew, so a note ends with the version that it belongs to.

/// What stands before the version in `v`.
pub(crate) const LAYOUT: u8 = 1;

/// A script, and its SHA-1 by which the server knows it.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) text: &'static str,
    pub(crate) sha1: &'static str,
}

/// Replaces a record. Arguments: the expected `v` or an empty text, the new `v`, the new `r`, the channel.
///
/// A swap for the same version replaces only `r`: other bytes of the same contents, sealed with another key. The notes of the
/// version stay, and no watcher is told.
///
/// Returns whether it did: 0 no, 1 yes, 2 it had already, -1 there is something else; 3 yes, but it may not publish.
pub(crate) const SWAP: Script = Script {
    text: "local old = redis.call('HGET', KEYS[1], 'v')
if old == ARGV[1] and old == ARGV[2] then
  redis.call('HSET', KEYS[1], 'r', ARGV[3])
  return 1
end
if old == ARGV[2] then return 2 end
if not old and redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
if (old or '') ~= ARGV[1] then return 0 end
if old then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'r', ARGV[3])
local heard = redis.pcall('PUBLISH', ARGV[4], ARGV[2])
if type(heard) == 'table' then return 3 end
return 1",
    sha1: "7802b7ee3cbdb835f9b9cdc313185c04c2175f7f",
};

/// Notes that the owner of a liveness lock has ended, beside a record of one of these versions. Arguments: the field of the
/// note, the channel, and each `v`.
pub(crate) const NOTE: Script = Script {
    text: "local v = redis.call('HGET', KEYS[1], 'v')
for i = 3, #ARGV do
  if v == ARGV[i] then
    redis.call('HSET', KEYS[1], ARGV[1], '1')
    redis.pcall('PUBLISH', ARGV[2], v)
    return 1
  end
end
return 0",
    sha1: "37c65555e482e1255c7df5a27618467796a149d1",
};

/// Does what a swap does, and leaves nothing behind. Arguments: a `v`, the channel.
///
/// Returns 1 if it could, 3 if it may not publish, -1 if something else has this key.
pub(crate) const CHECK: Script = Script {
    text: "if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
redis.call('HSET', KEYS[1], 'v', ARGV[1])
local swaps = redis.call('HGET', KEYS[1], 'v') == ARGV[1]
redis.call('DEL', KEYS[1])
if not swaps then return 0 end
local heard = redis.pcall('PUBLISH', ARGV[2], ARGV[1])
if type(heard) == 'table' then return 3 end
return 1",
    sha1: "3893651b9193b71a8fdadad494ba6f5518e7aa8e",
};
