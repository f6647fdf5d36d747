#!/usr/bin/perl
# Strings that grow by appending, large hashes, regular expressions, sorting; interpreters cloned
# into threads, each with its own copy of all data; forks that return through a pipe.
# program: perl
# heap: 80 240
use strict;
use warnings;
use threads;

my $count = $ARGV[0] eq 'full' ? 250_000 : 100_000;

sub checksum {
	my $sum = 0;
	$sum = ($sum * 31 + unpack('%32C*', $_)) % 1_000_000_007 for @_;
	return $sum;
}

my %words;
for my $i (1 .. $count) {
	my $word = join '-', $i % 997, $i % 89, $i;
	$words{$word} = 'x' x ($i % 120);
}
print scalar(keys %words), ' words, ', checksum(map { $_ . $words{$_} } sort keys %words), "\n";

my $text = '';
$text .= "line $_ of the text\n" for 1 .. $count;
(my $changed = $text) =~ s/(\d+) of/<$1>/g;
print length($text), ' ', length($changed), ' ', checksum($changed), "\n";
my @fields = map { [split / /] } split /\n/, $text;
print checksum(map { $_->[1] } @fields), "\n";

delete @words{ grep { length $words{$_} > 60 } keys %words };
print scalar(keys %words), " words left\n";
@fields = ();
%words = map { $_ => $words{$_} } (sort keys %words)[0 .. 2000];

my @threads = map {
	my $number = $_;
	threads->create(sub { checksum(map { "$number $_" x 10 } sort keys %words) });
} 1 .. 4;
print 'thread: ', $_->join, "\n" for @threads;

for my $number (1 .. 4) {
	my $child = open(my $pipe, '-|') // die "fork: $!";
	if (!$child) {
		$text .= "child $number" x 1000;
		print checksum($text), "\n";
		exit 0;
	}
	print "child $number: ", <$pipe>;
	close $pipe or die "child: $?";
}
