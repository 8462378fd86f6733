# SPDX-License-Identifier: GPL-3.0-or-later
use strict; use warnings; no warnings 'recursion';
use List::Util qw(sum first reduce shuffle max); use POSIX (); use Data::Dumper; use Scalar::Util qw(blessed weaken reftype);
my (%h, @a);
sub fib { my $n = shift; return $n < 2 ? $n : fib($n - 1) + fib($n - 2) }
sub deep { my ($n, @r) = @_; return [@r] unless $n; return { n => deep($n - 1, @r, $n) } }
print fib(11), " ", Dumper(deep(6)), "\n";
push @a, map { { id => $_, name => "n$_", list => [1 .. $_ % 5] } } 1 .. 60;
my @s = sort { $b->{id} % 7 <=> $a->{id} % 7 || $a->{name} cmp $b->{name} } grep { $_->{id} & 1 } @a;
$h{$_->{id} % 9}{$_->{name}} = $_ for @s; print join(",", map { "$_=" . keys %{$h{$_}} } sort keys %h), "\n";
my $text = join ' ', ("the quick brown fox jumps over the lazy dog") x 5;
(my $u = $text) =~ s/(\w+)/\u$1/g; my @w = $text =~ /\b(\w{5})\b/g; $text =~ tr/a-z/A-Z/;
$u =~ s{(?<first>\w+) (?<second>\w+)}{$+{second} . length($+{first})}gex; my $re = qr/(a|b)*?c(?=d)|(?i)FOX/x; print "match\n" if $u =~ $re;
print sprintf("%5.2f|%-8s|%03d|%s|%e|%b\n", 3.14159, 'left', 7, scalar(@w), 12345.678, 10), ucfirst lc "ABC", "\n";
package Animal { sub new { my ($c, %o) = @_; return bless { %o }, $c } sub speak { my $s = shift; return $s->name . ' ' . $s->sound } sub name { $_[0]{name} } sub DESTROY {} our $AUTOLOAD; sub AUTOLOAD { my $n = $AUTOLOAD; $n =~ s/.*:://; return "auto $n" } }
package Dog { our @ISA = ('Animal'); sub sound { 'woof' } use overload '+' => sub { Dog->new(name => $_[0]{name} . '+') }, '""' => sub { "dog $_[0]{name}" }, '<=>' => sub { 0 }; }
package main;
my $d = Dog->new(name => 'Rex'); print $d->speak, " ", $d + 1, " ", $d->unknown, " ", $d->can('speak') ? 1 : 0, "\n";
my $r = eval { die { code => 5 } ; 1 }; print "died $@->{code}\n"; eval { eval { die "inner\n" }; die "outer $@" }; print $@; eval "1 +* 2"; print "syntax\n" if $@; eval 'sub gen { return map { $_ * 2 } @_ } print join ",", gen(1..3)';
local $SIG{__WARN__} = sub { print "warned: @_" }; warn "careful\n"; local $SIG{USR1} = sub { my @x = (1) x 10; print "signal\n" }; kill USR1 => $$;
open my $f, '<', $0 or die; my @l = <$f>; close $f; print scalar(@l), "\n"; open my $m, '>', \my $buffer; print $m "to memory" x 100; close $m; print length $buffer, "\n";
my @sorted = sort { $a <=> $b } shuffle 1 .. 50; print sum(@sorted), " ", first { $_ > 10 } @sorted; print reduce { $a . $b } 'a' .. 'e';
my $str = pack 'NnC a5 H4', 1, 2, 3, 'hello', 'beef'; my @u = unpack 'NnC a5 H4', $str; print "@u\n"; my @parts = split /,\s*/, "a, b,c", -1; print join('|', reverse @parts), "\n";
my $it = do { my $i = 0; sub { return $i++ < 3 ? $i : undef } }; while (defined(my $v = $it->())) { print $v } for my $i (reverse 0 .. 3) { next if $i == 2; last if $i == 0; print $i }
printf "%s\n", POSIX::strftime('%Y', gmtime 0); print "ok\n" if "abc" lt "abd" and not "x" eq "y"; my %inv = reverse %{{ a => 1, b => 2 }}; delete $inv{1}; exists $inv{2} and print "exists\n"; my @sl = @a[1 .. 3]; my @hs = @{$a[0]}{qw(id name)}; splice @a, 5, 10, 1 .. 3; wantarray; local $_ = "x"; print ref \&fib, ref [], ref qr/x/, "\n"; print "a" . 1 + 2, "\n" if 0; my $long = "x" x 5000; $long .= $_ for 1 .. 200; substr($long, 10, 5) = "replaced"; print length $long, "\n"; print lc sprintf("%vd", "1.2.3"), "\n"; format STDOUT =
@<<<<< @>>>>>
$_, $long
.
write; study $text; pos($text) = 0; while ($text =~ /\G(\w+)\s*/gc) { $h{lc $1}++ } tie my %t, 'Tied'; $t{x} = 1; print $t{x}, "\n"; package Tied; sub TIEHASH { bless {} } sub STORE { $_[0]{$_[1]} = $_[2] . '!' } sub FETCH { $_[0]{$_[1]} }
