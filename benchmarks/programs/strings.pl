# Words in a hash, a text that grows line by line, fields of it, half of all dropped, once more.
use strict;
use warnings;

my $count = $ARGV[0];
my $total = 0;

for my $round (1 .. 2) {
	my %words;
	for my $i (1 .. $count) {
		$words{ join '-', $i % 997, $i % 89, $i } = 'x' x ($i * $round % 120);
	}
	my $text = '';
	$text .= "line $_ of the text\n" for 1 .. $count;
	(my $changed = $text) =~ s/(\d+) of/<$1>/g;
	my @fields = map { [ split / / ] } split /\n/, $changed;
	delete @words{ grep { length $words{$_} > 60 } keys %words };
	my @sorted = sort { $words{$a} cmp $words{$b} || $a cmp $b } keys %words;
	$total += length($changed) + @fields + @sorted + length(join ',', @sorted);
}
print "$count $total\n";
