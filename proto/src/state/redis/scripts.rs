//! What runs inside Redis. Times are the server's, in microseconds.

use redis::Script;

pub(super) struct Scripts {
    pub(super) claim: Script,
    pub(super) output: Script,
    pub(super) lease: Script,
    pub(super) hold: Script,
    pub(super) lead: Script,
    pub(super) resign: Script,
    pub(super) spend: Script,
    pub(super) take: Script,
    pub(super) beat: Script,
    pub(super) leave: Script,
    pub(super) expect: Script,
    pub(super) whereabouts: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            claim: Script::new(CLAIM),
            output: Script::new(OUTPUT),
            lease: Script::new(LEASE),
            hold: Script::new(HOLD),
            lead: Script::new(LEAD),
            resign: Script::new(RESIGN),
            spend: Script::new(SPEND),
            take: of_hands(TAKE),
            beat: of_hands(BEAT),
            leave: of_hands(LEAVE),
            expect: of_hands(EXPECT),
            whereabouts: of_hands(WHEREABOUTS),
        }
    }
}

/// Key: the bucket. Arguments: the claim, the walk, seconds to keep. The
/// lowest walk that ever claimed.
const CLAIM: &str = r"
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if holder and tonumber(holder) <= tonumber(ARGV[2]) then return tonumber(holder) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if not holder and redis.call('HLEN', KEYS[1]) == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return tonumber(ARGV[2])
";

/// Keys: the output, who computes it. Argument: milliseconds that it is held. The
/// output; 1 = compute it; 0 = someone does.
const OUTPUT: &str = r"
local output = redis.call('GET', KEYS[1])
if output then return output end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0
";

/// Keys: the limit, its holders. Arguments: permits a minute, permits wanted,
/// who wants them (empty = said so lately), seconds a holder counts. Permits
/// granted, microseconds to wait if none, how many hold.
///
/// `empty` is when the bucket was last empty: what dripped in since then is
/// there, up to a second's worth. A bucket nobody knows holds one permit: what
/// was granted before a server lost its data is not granted again. Who finds
/// it empty waits for half of what it wants, or a permit for each holder: many
/// holders do not ask for every drop.
const LEASE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[2], time[1], ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] - ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
  redis.call('EXPIRE', KEYS[1], 3600)
end
local holders = redis.call('ZCARD', KEYS[2])
local kept = redis.call('HMGET', KEYS[1], 'empty', 'hold')
local hold = tonumber(kept[2] or 0)
if hold > now then return {0, hold - now, holders} end
local per_minute = tonumber(ARGV[1])
if per_minute <= 0 then return {0, 60000000, holders} end
local each = 60000000 / per_minute
local burst = math.max(1, math.floor(per_minute / 60))
local empty = math.max(tonumber(kept[1] or now - each), now - burst * each)
local granted = math.min(tonumber(ARGV[2]), math.floor((now - empty) / each))
if granted < 1 then
  if not kept[1] then redis.call('HSET', KEYS[1], 'empty', string.format('%.0f', empty)) end
  local drops = math.max(1, math.min(holders, math.floor(ARGV[2] / 2)))
  return {0, math.ceil(drops * each - (now - empty)), holders}
end
redis.call('HSET', KEYS[1], 'empty', string.format('%.0f', empty + granted * each))
return {granted, 0, holders}
";

/// Key: the limit. Argument: microseconds of pause.
const HOLD: &str = r"
local time = redis.call('TIME')
local till = time[1] * 1000000 + time[2] + ARGV[1]
local held = tonumber(redis.call('HGET', KEYS[1], 'hold') or 0)
if till > held then
  redis.call('HSET', KEYS[1], 'hold', string.format('%.0f', till))
  redis.call('EXPIRE', KEYS[1], 3600)
end
";

/// Key: the leader. Arguments: who wants to lead, milliseconds. Whether it
/// does.
const LEAD: &str = r"
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
";

/// Key: the leader. Argument: who leads no longer.
const RESIGN: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('UNLINK', KEYS[1]) end
";

/// Keys: what was spent, who spends. Arguments: the least that was spent so
/// far (five figures), what is added (five), who spends (empty = nobody),
/// seconds to keep, seconds a spender counts. The totals, and how many spend.
const SPEND: &str = r"
local fields = {'requests', 'input', 'output', 'micro_usd', 'cached_input'}
local told = {}
for at, field in ipairs(fields) do
  local known = tonumber(redis.call('HGET', KEYS[1], field) or 0)
  told[at] = math.max(known, tonumber(ARGV[at])) + tonumber(ARGV[at + #fields])
  if told[at] ~= known then
    redis.call('HSET', KEYS[1], field, string.format('%.0f', told[at]))
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[12])
if ARGV[11] ~= '' then
  local now = redis.call('TIME')[1]
  redis.call('ZADD', KEYS[2], now, ARGV[11])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[13])
  redis.call('EXPIRE', KEYS[2], ARGV[13])
end
told[#fields + 1] = redis.call('ZCARD', KEYS[2])
return told
";

/// What the scripts about hands have in common. A shard's record is until when
/// its hand counts as alive, the hand (empty = it is on its way to one), what its
/// death would tell (see `hands::Blame`), and the hands that died of it: a `+`
/// after those that had no other shard.
fn of_hands(script: &str) -> Script {
    Script::new(&format!("{HANDS}{script}"))
}

const HANDS: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function read(record)
  local till, hand, blame, dead = string.match(record, '^(%d+)|([^|]*)|(%d)|(.*)$')
  return tonumber(till), hand, blame, dead
end
local function write(shard, till, hand, blame, dead)
  redis.call('HSET', KEYS[1], shard, string.format('%.0f|%s|%s|%s', till, hand, blame, dead))
end
local function buried(hand, blame, dead)
  if hand == '' or blame == '2' then return dead end
  return dead .. ' ' .. hand .. (blame == '1' and '+' or '')
end
";

/// Keys: the shards, whether this one is done. Arguments: the shard, its first
/// walk, the first after it, the hand, what its death would tell, milliseconds
/// it counts as alive, seconds to keep. What is told, then milliseconds or the
/// deaths, then the deaths of hands that had no other.
const TAKE: &str = r"
if redis.call('EXISTS', KEYS[2]) == 1 then return {'done', 0, 0} end
local dead = ''
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local first, len = string.match(all[at], '^(%d+)%-(%d+)')
  if tonumber(first) < tonumber(ARGV[3]) and tonumber(ARGV[2]) < first + len then
    local till, hand, blame, before = read(all[at + 1])
    if hand ~= '' and till > now then return {'busy', till - now, 0} end
    if all[at] == ARGV[1] then dead = buried(hand, blame, before) end
  end
end
write(ARGV[1], now + ARGV[6], ARGV[4], ARGV[5], dead)
redis.call('EXPIRE', KEYS[1], ARGV[7])
local _, deaths = string.gsub(dead, ' ', '')
local _, alone = string.gsub(dead, '%+', '')
return {'yours', deaths, alone}
";

/// Keys: as above. Arguments: the shard, the hand, what its death would tell,
/// milliseconds it counts as alive. Whether the shard is still its own. A
/// record that is gone was lost with the store's data.
const BEAT: &str = r"
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record and redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local till, hand, blame, dead = read(record or '0||0|')
local at, to = string.find(dead, ' ' .. ARGV[2], 1, true)
if at then
  if string.sub(dead, to + 1, to + 1) == '+' then to = to + 1 end
  dead = string.sub(dead, 1, at - 1) .. string.sub(dead, to + 1)
end
if hand == '' or hand == ARGV[2] then
  write(ARGV[1], now + ARGV[4], ARGV[2], ARGV[3], dead)
  return 1
end
write(ARGV[1], till, hand, blame, dead)
return 0
";

/// Keys: as above. Arguments: the shard, the hand, how it leaves, milliseconds
/// that is known.
const LEAVE: &str = r"
if ARGV[3] == 'done' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[4])
  return
end
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return end
local till, hand, blame, dead = read(record)
if hand ~= ARGV[2] then return end
if ARGV[3] == 'back' then
  write(ARGV[1], now + ARGV[4], '', '0', dead)
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
";

/// Keys: as above. Arguments: the shard, milliseconds until it is in a hand,
/// seconds to keep.
const EXPECT: &str = r"
if redis.call('EXISTS', KEYS[2]) == 1 then return end
local record = redis.call('HGET', KEYS[1], ARGV[1])
local till, hand, blame, dead = read(record or '0||0|')
if till > now and (hand ~= '' or till > now + ARGV[2]) then return end
write(ARGV[1], now + ARGV[2], '', '0', buried(hand, blame, dead))
redis.call('EXPIRE', KEYS[1], ARGV[3])
";

/// Key: the shards. Those that are worked or on their way to a hand, each with
/// a 1 or a 0 after it.
const WHEREABOUTS: &str = r"
local told = {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local till, hand = read(all[at + 1])
  if till > now then
    told[#told + 1] = all[at]
    told[#told + 1] = hand ~= '' and '1' or '0'
  end
end
return told
";
