"""Words and strings that people choose as passwords most often, in lower case.

Compiled by hand from what is generally known; `password.is_common` adds the usual endings (1, 123,
2024, !), disguises (p@ssw0rd) and repetitions of each.
"""

from __future__ import annotations

from typing import Final

COMMON: Final = """
password passwort passwd passw0rd pass passcode passphrase passme passpass mypassword yourpassword newpassword
oldpassword thepassword mypass password12 password123 password1234 password12345 password123456 password1234567
password12345678 passwordone changeme changeit changethis changemenow changemeplease letmein letmeinnow letmeinplease
openup opensesame sesame secret secrets topsecret mysecret verysecret supersecret secretpassword default admin admins
administrator adminadmin administrador sysadmin superadmin superuser root toor rootroot guest guests user users
username newuser testuser test tests tester testing testtest temp temporary temp1234 demo demodemo sample example
login logon signin welcome welcomehome welcomeback welcome2 hello hellohello helloworld hello123 hithere goodbye
whatever nothing none null undefined blank access accessgranted master masterkey mastermind system server service
support helpdesk manager office company business internet intranet network computer computers laptop desktop keyboard
monitor mouse printer windows windows10 windows7 microsoft macintosh apple iphone ipad android samsung nokia motorola
google gmail yahoo hotmail outlook facebook twitter instagram linkedin myspace youtube netflix amazon ebay paypal
spotify whatsapp telegram skype snapchat pinterest reddit github oracle cisco docker postgres mysql mongo mongodb
redis kubernetes jenkins ubuntu linux debian fedora unix java javascript python database server1 stockwright inventory
warehouse shop store storeadmin shopadmin cashier qwerty qwertyu qwertyui qwertyuio qwertyuiop qwerty1 qwerty12
qwerty123 qwerty1234 qwerty12345 qwerty123456 qwert qwer qwerqwer qwerasdf qwerasdfzxcv qwertyqwerty qwertyasdf qweasd
qweasdzxc qweqwe qwe123qwe qwe asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl asdfasdf asdasd asd zxc zxcv zxcvb zxcvbn
zxcvbnm zxczxc qazwsx qazwsxedc qazwsxedcrfv qaz1wsx2 q1w2e3 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e 1q2w3e4r
1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 1qaz 2wsx zaq12wsx zaq1xsw2 zaq1zaq1 xsw2zaq1 q2w3e4r5 azerty
azertyuiop qwertz qwertzuiop dvorak poiuytrewq lkjhgfdsa mnbvcxz 123 1234 12345 123456 1234567 12345678 123456789
1234567890 12345678910 123123 123123123 123321 123454321 1234554321 112233 11223344 1122334455 121212 123abc 123qwe
123qweasd 123qweasdzxc 987654 9876543 98765432 987654321 9876543210 654321 7654321 87654321 147258 147258369 159357
159753 741852 741852963 789456 789456123 456789 101010 102030 111222 112358 246810 135790 131313 232323 420420 696969
314159 3141592 31415926 271828 147852 258456 951753 963852741 00000000 abc abcd abcde abcdef abcdefg abcdefgh
abcdefghi abcabc abc123 abc1234 abc12345 abc123456 abcd1234 abcde12345 abcdef123 abcd123 a1b2c3 a1b2c3d4 a1b2c3d4e5
a123456 a1234567 a12345678 a123456789 aa123456 aa12345678 aaa111 abcdef1 aabbcc aabbccdd xyz xyz123 zyx 1a2b3c
1a2b3c4d 1a2b3c4d5e 1abc abc1 iloveyou iloveu iloveyou2 iloveme ilovegod ilovejesus ilovemyself ilovemom ilovedad
ilovehim iloveher iloveyousomuch iloveyoubaby iloveyouforever loveyou lovely lovelove loveme loveu lover lovers loveit
love lovebug loveless mylove trueloves truelove forever foreverlove together kissme kisskiss kisses hugs hugsandkisses
sweetheart sweetie sweety sweet honey darling baby babygirl babyboy babydoll babybaby angel angels angelica angelina
angel1 sunshine moonlight starlight rainbow butterfly flower flowers rose roses daisy lily violet jasmine lavender
princess princesa prince queen king kingdom kingkong diamond diamonds crystal silver golden gold platinum emerald ruby
sapphire pearl monkey monkeys dragon dragons dragonball tiger tigers tigger lion lions panther panthers wolf wolves
bear bears teddybear pooh poohbear winnie eagle eagles falcon falcons hawk hawks phoenix raven ravens cat cats kitty
kitten kittens kittycat hellokitty dog dogs doggie doggy puppy puppies mydog bulldog horse horses pony ponies unicorn
rabbit bunny hamster fish fishing dolphin dolphins shark sharks whale turtle turtles snake spider scorpion cobra viper
mustang stallion chicken rooster duck donkey elephant giraffe penguin penguins koala panda gorilla buster bailey buddy
charlie max maximus maxwell molly maggie lucky lucy sophie chloe bella daisy1 rocky rusty sandy shadow smokey snoopy
snowball snowflake spot toby tucker zoe oreo cookie cookies brownie muffin cupcake candy chocolate vanilla caramel
sugar cinnamon ginger pepper peanut pickle pumpkin banana bananas orange apple123 cherry strawberry peaches peach
mango lemon coffee cheese pizza pasta bacon burger hamburger chips nutella cocacola pepsi corona budweiser heineken
guinness whiskey vodka tequila champagne football baseball basketball soccer hockey tennis golf golfer golfing
volleyball swimming running runner skate skater skateboard snowboard surfing surfer boxing wrestling karate ninja
samurai warrior warriors champion champions winner winners legend legends hero heroes superman batman spiderman
ironman wolverine deadpool hulk captain captainamerica wonderwoman joker avengers marvel starwars startrek skywalker
lukeskywalker darthvader vader yoda chewbacca matrix neo trinity morpheus gandalf frodo legolas hobbit lordoftherings
harrypotter hogwarts gryffindor slytherin hermione dumbledore pokemon pikachu charizard naruto sasuke sakura onepiece
bleach zelda mario luigi sonic minecraft fortnite roblox callofduty warcraft starcraft counterstrike halo doom quake
diablo runescape playstation nintendo xbox gamer gaming games game gameover player player1 playboy hacker hackers
hackme hunter hunter2 hunting killer killers assassin sniper soldier army navy marine marines airforce ranger rangers
trooper police cowboy cowboys pirate pirates viking vikings knight knights wizard magic merlin arthur excalibur
camelot spartan spartans trojan trojans titan titans giants steelers patriots packers raiders broncos redskins redsox
yankees lakers celtics bulls chicago mets braves dodgers cubs liverpool arsenal chelsea manchester manunited manutd
barcelona realmadrid madrid juventus milan inter bayern ajax celtic rangers1 everton tottenham ferrari porsche
lamborghini mercedes mercedesbenz bmw audi volkswagen toyota honda yamaha kawasaki suzuki ducati harley harleydavidson
chevy chevrolet camaro corvette ford dodge charger jeep jaguar bentley nissan mazda subaru truck trucks motorcycle
biker racing racer speed turbo nascar summer winter spring autumn fall january february march april may june july
august september october november december monday tuesday wednesday thursday friday saturday sunday weekend holiday
christmas easter halloween birthday happy happyday happybirthday newyear merrychristmas family mother father mommy
daddy mom dad momdad momanddad sister brother grandma grandpa mama papa children friend friends bestfriend bestfriends
boyfriend girlfriend husband wife blue red green yellow purple pink black white brown gray silver1 blackcat redhead
bluesky greenday purplerain pinkfloyd metallica nirvana slipknot eminem tupac 2pac beatles thebeatles elvis acdc
ironmaiden blackmetal blink182 linkinpark greenday1 rockstar rockandroll rocknroll music musica musician guitar
guitars drums drummer piano singer dancer dancing dance party disco hiphop rapper bieber justinbieber onedirection
taylorswift ladygaga beyonce rihanna shakira michael michelle jennifer jessica ashley amanda nicole daniel daniela
matthew andrew joshua jordan jordan23 robert thomas william joseph david james john johnny jonathan anthony
christopher christian christina christine charles richard steven stephen kevin brian jason justin brandon tyler austin
dylan nathan samuel samantha sarah sara hannah emily emma olivia sophia isabella madison abigail elizabeth victoria
alexander alexandra alexandre alex alexis andrea angela antonio barbara benjamin bonnie brenda brittany carlos carmen
caroline catherine cheryl claudia crystal1 cynthia dakota debbie denise diana dominic donald edward eduardo elaine
eric erica fernando francis frank frankie freddy gabriel gabriela gary george gerald gloria gregory harry heather
helen henry jack jackie jackson jacob jake janice jasmin jeremy jerry jesse jimmy joanna johnson jorge jose juan julia
julian julie karen katherine kathryn katie kelly kenneth kimberly kristen larry laura lauren leonardo leslie linda
lisa louise luis maria mariana marie marina mark martin martha mary megan melanie melissa miguel mike miranda monica
morgan nancy natalia natalie nathalie nicholas nick oliver oscar pamela patricia patrick paul paula peter philip
rachel ramon raymond rebecca ricardo ricky ronald rosemary ruben russell ryan sabrina scott sebastian sharon sheila
simon simone sophie1 stella stephanie steve susan suzanne teresa theresa tiffany timothy tina tony tracy travis
valentina valerie vanessa veronica victor vincent virginia walter wendy zachary mohammed muhammad ahmed ali fatima
ibrahim abdullah krishna ganesh lakshmi singh kumar patel sharma nguyen wang zhang liu chen woaini woaini1314 5201314
1314520 america american usa unitedstates canada canadian england london paris france french germany deutschland
berlin hamburg munich italy italia roma rome milano spain espana sevilla portugal lisboa brasil brazil mexico
argentina colombia chile peru venezuela cuba india mumbai delhi pakistan china chinese beijing japan tokyo korea
russia moscow ukraine poland polska holland amsterdam sweden norway finland denmark ireland irish scotland scottish
wales australia sydney melbourne newyork newyorkcity california losangeles hollywood lasvegas vegas texas dallas
houston florida miami chicago1 boston philadelphia seattle denver colorado arizona phoenix1 hawaii alaska carolina
georgia atlanta jamaica egypt africa israel jerusalem god jesus jesus1 jesuschrist jesusislord jesuslovesme christ
lord lordjesus bible church faith hope hopeful heaven heavenly hell satan devil lucifer demon blessed blessing grace
amen allah allahuakbar bismillah inshallah buddha freedom liberty peace peaceful justice trust trustno1 trustnoone
truth believe destiny dream dreams dreamer miracle wonderful beautiful gorgeous handsome pretty cutie cute hottie sexy
sexyboy sexygirl sexylady sexymama sex sexsex porn naughty horny pussy dick cock asshole bitch fuck fucker fucking
fuckme fuckoff fuckyou fuckyou2 fuckthis shit bullshit motherfucker bastard damn dammit biteme suckit eatme stupid
idiot loser crazy insane lunatic psycho genius smart einstein newton college school student students teacher
university highschool graduate doctor nurse lawyer engineer police1 money money1 moneymoney cash cashmoney dollar
dollars million millionaire billion rich richie bitcoin ethereum crypto poker casino jackpot lucky7 lucky13 star stars
superstar allstar rising sun moon sky ocean sea river mountain forest desert island beach fire ice iceman water earth
wind storm thunder thunderbird lightning tornado hurricane volcano earthquake galaxy universe cosmos planet mercury
venus mars jupiter saturn neptune pluto apollo zeus athena hercules achilles infinity eternity zero one two three
onetwothree onetwothreefour number number1 numberone first thebest thebest1 best bestever thegreatest theone theboss
boss bossman bigboss bigboy bigdaddy biggie bigdog bigred badboy badgirl badass goodboy goodgirl coolguy cool coolman
cooldude awesome amazing perfect fantastic excellent super supercool superb supernova test1234 abcd12345 redrum
blahblah blah blahblahblah foobar foobarbaz foo bar qux lorem loremipsum correcthorse correcthorsebatterystaple
correcthorsebatterystaples horsebatterystaple thequickbrownfox thequickbrownfoxjumps tobeornottobe
tobeornottobethatisthequestion maytheforcebewithyou openthedoor thisisapassword thisismypassword thisismypasswd
mypasswordis mypasswordispassword passwordispassword thepasswordis iforgotmypassword iforgot forgot forgotpassword
idontknow dontknow noidea nopassword nopass donttouch stayout keepout getin gohome enter enterenter enternow internet1
sunshine1 shadow1 trustme believeinyourself onceuponatime happilyeverafter howareyoudoing ilovemyfamily ilovemydog
ilovemycat ilovemylife livelovelaugh livelaughlove carpediem hakunamatata supercalifragilisticexpialidocious ihatethis
ihateyou ihatepasswords letmeinalready pleaseletmein p@ssword pa55word pa55w0rd pa$$word pa$$w0rd p@55w0rd passwerd
pasword pssword contrasena contraseña motdepasse senha senha123 parola haslo hasło heslo wachtwoord lösenord salasana
parool jelszo sifre şifre sandi katasandi matkhau kennwort geheim hallo hallowelt willkommen schatz liebe ichliebedich
sommer fruehling herbst fussball bonjour bonsoir soleil doudou chouchou loulou marseille jetaime jetaimemonamour amour
amore amoremio tiamo ciao ciaociao juventus1 napoli forzamilan forzaroma hola holahola teamo teamomucho tequiero
tequieromucho amor amorcito miamor corazon estrella mariposa bonita hermosa princesita futbol realmadrid1 barcelona1
obrigado brasil1 flamengo corinthians palmeiras saopaulo gremio saudade privet lyubov marina1 natasha svetlana
vladimir andrey sergey dmitry nikita zvezda spartak kochanie misiek polska1 szczescie kocham kochamcie
"""
