//! What every module may call beside Starlark's own and the prelude: the
//! seeded generator, and the meter's marks.

use std::cell::Cell;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use allocative::Allocative;
use magnet_proto::WalkIndex;
use magnet_proto::rng::{self, Rng};
use rand::RngExt;
use starlark::any::ProvidesStaticType;
use starlark::environment::{
    Globals, GlobalsBuilder, LibraryExtension, Methods, MethodsBuilder, MethodsStatic,
};
use starlark::eval::Evaluator;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::TupleRef;
use starlark::values::{NoSerialize, StarlarkValue, UnpackValue, Value, starlark_value};
use starlark::{starlark_module, starlark_simple_value};

/// Marks passed in one call: some tens of milliseconds.
const MAX_STEPS: u64 = 500_000;
/// What one conversation's world may take, the garbage of its calls included.
const MAX_HEAP_BYTES: usize = 64 << 20;
/// Elements or bytes of a repeated list or text.
const MAX_REPEATED: usize = 1 << 20;
const MAX_DIGITS: i32 = 15;

/// What the natives know of the world they are called in.
#[derive(Debug, ProvidesStaticType)]
pub(crate) struct Tape {
    seed: u64,
    walk: WalkIndex,
    /// Steps left for the call under way.
    steps: Cell<u64>,
}

impl Tape {
    pub(crate) fn new(seed: u64, walk: WalkIndex) -> Self {
        Self { seed, walk, steps: Cell::new(MAX_STEPS) }
    }

    /// A call begins.
    pub(crate) fn wind(&self) {
        self.steps.set(MAX_STEPS);
    }

    /// The world's generator of that name: the same text, the same draws.
    pub(crate) fn draws(&self, text: &str) -> Draws {
        Draws(Mutex::new(Box::new(rng::stream(self.seed, self.walk, &format!("world {text}")))))
    }

    fn spend(&self, steps: u64, heap_bytes: usize) -> anyhow::Result<()> {
        let left = self.steps.get().checked_sub(steps);
        let Some(left) = left else {
            anyhow::bail!("it takes more than {MAX_STEPS} steps");
        };
        self.steps.set(left);
        if heap_bytes > MAX_HEAP_BYTES {
            anyhow::bail!("it takes more than {} MiB of memory", MAX_HEAP_BYTES >> 20);
        }
        Ok(())
    }
}

fn tape<'a>(eval: &Evaluator<'_, 'a, '_>) -> anyhow::Result<&'a Tape> {
    let tape = eval.extra.and_then(|extra| extra.downcast_ref::<Tape>());
    tape.ok_or_else(|| anyhow::anyhow!("it is called outside of a world"))
}

/// The names that modules find.
pub(crate) fn globals() -> Globals {
    GlobalsBuilder::extended_by(&[LibraryExtension::StructType]).with(natives).build()
}

#[starlark_module]
fn natives(builder: &mut GlobalsBuilder) {
    fn seeded<'v>(text: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Draws> {
        Ok(tape(eval)?.draws(text))
    }

    fn __tick<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<bool> {
        tape(eval)?.spend(1, eval.heap().allocated_bytes())?;
        Ok(true)
    }

    fn __over<'v>(
        items: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let steps = match items.length() {
            Ok(length) => u64::from(length.unsigned_abs()),
            Err(_) => items.iterate(eval.heap())?.count() as u64,
        };
        tape(eval)?.spend(steps + 1, eval.heap().allocated_bytes())?;
        Ok(items)
    }

    fn __times<'v>(
        left: Value<'v>,
        right: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let repeated = match (repeatable(left), repeatable(right)) {
            (Some(size), _) => repeats(right).map(|times| size.saturating_mul(times)),
            (_, Some(size)) => repeats(left).map(|times| size.saturating_mul(times)),
            (None, None) => {
                small(left)?;
                small(right)?;
                None
            }
        };
        if repeated.is_some_and(|size| size > MAX_REPEATED) {
            return Err(anyhow::anyhow!("it repeats to more than {MAX_REPEATED} elements").into());
        }
        left.mul(right, eval.heap())
    }

    fn __shift<'v>(
        left: Value<'v>,
        right: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        small(left)?;
        if right.unpack_i32().is_some_and(|bits| bits > 63) {
            return Err(anyhow::anyhow!("it shifts by more than 63 bits").into());
        }
        left.left_shift(right, eval.heap())
    }
}

/// The size of what "*" repeats.
fn repeatable(value: Value<'_>) -> Option<usize> {
    let text = value.unpack_str().map(str::len);
    let list = || ListRef::from_value(value).map(|list| list.len());
    let tuple = || TupleRef::from_value(value).map(|tuple| tuple.len());
    text.or_else(list).or_else(tuple)
}

fn repeats(value: Value<'_>) -> Option<usize> {
    value.unpack_i32().map(|times| usize::try_from(times).unwrap_or(0))
}

/// Whole numbers stay within 64 bits and a product of two of them.
fn small(value: Value<'_>) -> anyhow::Result<()> {
    let is_large = value.get_type() == "int" && i64::unpack_value(value).ok().flatten().is_none();
    match is_large {
        true => anyhow::bail!("a number has more than 64 bits"),
        false => Ok(()),
    }
}

/// A generator as a value: `rng` in `start`, and what `seeded` returns. Boxed:
/// the interpreter's heap aligns to less than a generator's block needs.
#[derive(ProvidesStaticType, NoSerialize, Allocative)]
pub(crate) struct Draws(#[allocative(skip)] Mutex<Box<Rng>>);

starlark_simple_value!(Draws);

impl Draws {
    /// A whole number from `low` to `high`.
    fn int(&self, low: i64, high: i64) -> anyhow::Result<i64> {
        if low > high {
            anyhow::bail!("there is no number from {low} to {high}");
        }
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(low..=high))
    }

    /// Some of the items in a random order, none twice.
    fn drawn<T>(&self, mut items: Vec<T>, count: usize) -> anyhow::Result<Vec<T>> {
        if count > items.len() {
            anyhow::bail!("{count} cannot be drawn from {}", items.len());
        }
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for place in 0..count {
            let chosen = rng.random_range(place..items.len());
            items.swap(place, chosen);
        }
        items.truncate(count);
        Ok(items)
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draws")
    }
}

impl fmt::Display for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rng")
    }
}

#[starlark_value(type = "rng")]
impl<'v> StarlarkValue<'v> for Draws {
    fn get_methods() -> Option<&'static Methods> {
        static METHODS: MethodsStatic = MethodsStatic::new();
        METHODS.methods(draws)
    }
}

#[starlark_module]
fn draws(builder: &mut MethodsBuilder) {
    fn int(this: &Draws, lo: i64, hi: i64) -> anyhow::Result<i64> {
        this.int(lo, hi)
    }

    fn pick<'v>(
        this: &Draws,
        items: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let length = items.length()?;
        if length == 0 {
            return Err(anyhow::anyhow!("there is nothing to pick from").into());
        }
        let chosen = this.int(0, i64::from(length) - 1)?;
        items.at(eval.heap().alloc(chosen), eval.heap())
    }

    fn sample<'v>(
        this: &Draws,
        items: Value<'v>,
        k: i64,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let count = usize::try_from(k).unwrap_or(0);
        let items = items.iterate(eval.heap())?.collect();
        Ok(eval.heap().alloc(AllocList(this.drawn(items, count)?)))
    }

    fn shuffle<'v>(
        this: &Draws,
        items: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let items: Vec<Value<'v>> = items.iterate(eval.heap())?.collect();
        let count = items.len();
        Ok(eval.heap().alloc(AllocList(this.drawn(items, count)?)))
    }

    fn chance(this: &Draws, percent: i64) -> anyhow::Result<bool> {
        Ok(this.int(1, 100)? <= percent)
    }

    fn id(this: &Draws, prefix: &str, digits: i32) -> anyhow::Result<String> {
        if !(1..=MAX_DIGITS).contains(&digits) {
            anyhow::bail!("an id has 1 to {MAX_DIGITS} digits, not {digits}");
        }
        let least = 10_i64.pow(digits.unsigned_abs() - 1);
        Ok(format!("{prefix}{}", this.int(least, least * 10 - 1)?))
    }
}
