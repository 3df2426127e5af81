#!/usr/bin/perl
# Waits as the harness waits and prints the version that runs: wait.pl healthy|steady MILLISECONDS LOOKS
# `steady`: healthy, no sign of an upgrade and no start still to come, in two looks in a row. LOOKS says what to look at, one
# tab-separated line each (looks.ts). Perl, because it starts in 5 ms and stands in every Debian: nothing cheaper can ask over a socket.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(time);

$SIG{PIPE} = 'IGNORE'; # an agent that ends while it is asked has no answer, and that is all
my ($what, $milliseconds, $file) = @ARGV;
my (%look, @busy);
open(my $in, '<', $file) or die "$file: $!\n";
while (<$in>) {
  chomp;
  my ($name, @fields) = split /\t/, $_, -1;
  if ($name eq 'busy') { push @busy, \@fields } else { $look{$name} = \@fields }
}
my ($root, $cell, $state) = map { $look{$_}[0] } qw(root cell state);

my ($deadline, $agreed, $version, $health) = (time + $milliseconds / 1000, 0);
while (time < $deadline) {
  my %answers;
  $version = value($look{version}, \%answers);
  $health = value($look{health}, \%answers);
  my $well = defined $health && ($look{health}[4] eq '' || $health eq $look{health}[4]);
  $agreed = $well && ($what eq 'healthy' || !under_way()) ? $agreed + 1 : 0;
  if ($agreed >= ($what eq 'healthy' ? 1 : 2)) { print "$version\n"; exit 0 }
  select(undef, undef, undef, 0.015);
}
print STDERR "not $what within $milliseconds ms: version ", $version // 'unknown', ', health ', $health // 'unknown', ', ', (under_way() ? '' : 'not '), "busy\n";
exit 1;

sub value {
  my ($how, $where, $key, $match) = @{$_[0]};
  my $text = $_[1]{"$how $where"} //= fetch($how, $where) // '';
  return undef if $text eq '';
  if ($key ne '') {
    return undef unless $text =~ /"\Q$key\E"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,}\]]+))/;
    $text = $1 // $2;
  }
  if ($match ne '') { $text =~ /$match/m or return undef; $text = $1 // $& }
  $text =~ s/^\s+|\s+$//g;
  return $text;
}

sub fetch {
  my ($how, $where) = @_;
  return `$where 2>/dev/null` if $how eq 'command';
  return contents("$root/$where") if $how eq 'file';
  my ($family, $address, $path);
  if (my ($socket, $asked) = $where =~ m{^unix:(.+?):(/.*)$}) {
    ($family, $address, $path) = (PF_UNIX, pack_sockaddr_un($socket), $asked);
  } elsif (my ($host, $port, $query) = $where =~ m{^http://([^/:]+):(\d+)(/.*)?$}) {
    ($family, $address, $path) = (PF_INET, pack_sockaddr_in($port, inet_aton($host)), $query // '/');
  } else {
    die "Cannot ask $where\n";
  }
  socket(S, $family, SOCK_STREAM, 0) or return undef;
  connect(S, $address) or return undef;
  syswrite(S, "GET $path HTTP/1.0\r\nHost: cell\r\n\r\n");
  my $answer = do { local $/; readline(*S) };
  close(S);
  return defined $answer && $answer =~ m{^HTTP/1\.\d [123]\d\d.*?\r\n\r\n(.*)$}s ? $1 : undef;
}

sub under_way {
  return 1 if glob("$state/*.pending");
  for my $sign (@busy) {
    my ($kind, $pattern, $contains) = @$sign;
    if ($kind eq 'file') {
      for my $found (glob("$root/$pattern")) {
        return 1 if -e $found && ($contains eq '' || index(contents($found) // '', $contains) >= 0);
      }
    } else {
      for my $folder (glob('/proc/[0-9]*')) {
        my $command = join(' ', grep { $_ ne '' } split(/\0/, contents("$folder/cmdline") // ''));
        return 1 if $command =~ /$pattern/ && index(contents("$folder/environ") // '', "UPMATRIX_CELL=$cell\0") >= 0;
      }
    }
  }
  return 0;
}

sub contents {
  open(my $handle, '<', $_[0]) or return undef;
  local $/;
  return scalar readline($handle);
}
