//! `Debug` for types that hold secrets, functions or other crates' types.

/// Implements `Debug` that shows the type's name and these fields only.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_fields {
    ([$($generics:tt)*] $type:ident $(<$argument:tt>)?, |$this:pat_param| $($field:ident: $value:expr),*) => {
        impl<$($generics)*> core::fmt::Debug for $type $(<$argument>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let $this = self;
                f.debug_struct(stringify!($type))$(.field(stringify!($field), &$value))*.finish_non_exhaustive()
            }
        }
    };
}
