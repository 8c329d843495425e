#!/usr/bin/env node
// Makes src/catalogue-data.ts from gift-prices.csv:  node data/make-catalogue.mjs [--check]
// With --check nothing is written, and the exit code is 1 when the file would change.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const sourceFile = join(here, 'gift-prices.csv');
const targetFile = join(here, '../src/catalogue-data.ts');

/** Coins that one unit of a platform's currency is worth to us; currencies that are absent are left out. */
const UNITS_PER_COIN = { diamond: 1, gold: 100 };

/** Names by price: a gift is named from the words of the first tier whose `belowPrice` is above its price. */
const TIERS = [
  {
    belowPrice: 10,
    adjectives: words('Little Sunny Fresh Sweet Merry Dewy Bright Gentle Tiny Happy Morning Cosy'),
    nouns: words(
      'Daisy Rose Clover Pebble Candle Cookie Feather Button Acorn Ribbon Bubble Berry Tulip Whistle Marble Leaf Candy ' +
        'Bell Kite Match Shell Cherry Lemon Poppy',
    ),
  },
  {
    belowPrice: 100,
    adjectives: words(
      'Playful Warm Dancing Smiling Striped Honey Lucky Spring Summer Painted Woven Paper Rainbow Velvet Breezy Dotted Peach',
    ),
    nouns: words(
      'Bouquet Lantern Teacup Cupcake Balloon Scarf Umbrella Puppet Songbird Kitten Puppy Basket Mitten Pinwheel Garland ' +
        'Pancake Drum Flute Sunflower Teddy Postcard Slipper Locket Parasol',
    ),
  },
  {
    belowPrice: 1000,
    adjectives: words(
      'Silver Amber Coral Jade Moonlit Starry Twilight Misty Crystal Ivory Scarlet Azure Lilac Copper Pearly Willow ' +
        'Maple Snowy Emerald Marigold',
    ),
    nouns: words(
      'Violin Music-Box Carousel Perfume Necklace Bicycle Telescope Piano Mask Fountain Swan Fox Peacock Guitar Compass ' +
        'Pocket-Watch Tiara Hourglass Chandelier Scooter Cello Mirror Kimono Dolphin',
    ),
  },
  {
    belowPrice: 5000,
    adjectives: words('Golden Midnight Northern Enchanted Flying Sapphire Ruby Opal Royal Whispering Evening Crimson'),
    nouns: words(
      'Gondola Roadster Sailboat Stallion Falcon Fireworks Orchestra Waterfall Pavilion Locomotive Lighthouse Airship ' +
        'Snow-Leopard Tapestry Parade Greenhouse Theatre Caravan White-Tiger Bridge Orchid-Garden Motorcade Windmill Chalet',
    ),
  },
  {
    belowPrice: 20_000,
    adjectives: words('Grand Radiant Imperial Majestic Diamond Celestial Eternal Platinum'),
    nouns: words(
      'Yacht Castle Observatory Submarine Opera-House Zeppelin Vineyard Rocket Pegasus Griffin Cathedral Island Manor ' +
        'Express Lagoon Unicorn Seaplane Amphitheatre Archipelago Citadel Volcano Glacier Jet Regatta',
    ),
  },
  {
    belowPrice: Infinity,
    adjectives: words('Supreme Boundless Cosmic Immortal Legendary Sovereign'),
    nouns: words(
      'Galaxy Dragon Phoenix Leviathan Aurora Comet Supernova Kingdom Starship Constellation Palace Nebula Empire Oracle ' +
        'Eclipse Titan Paradise Meteor-Shower Planet Moonrise Horizon Universe Odyssey Throne',
    ),
  },
];

function words(text) {
  return text.split(' ').map((word) => word.replaceAll('-', ' '));
}

function readRows() {
  const [header, ...lines] = readFileSync(sourceFile, 'utf8').trim().split(/\r?\n/);
  if (header !== 'platform,gift_id,price,unit') throw new Error(`unexpected header in ${sourceFile}: ${header}`);
  return lines.map((line) => {
    const match = /^(tiktok|bilibili),(\d+),(\d+),(diamond|gold|silver)$/.exec(line);
    if (match === null) throw new Error(`unexpected row in ${sourceFile}: ${line}`);
    return { platform: match[1], giftId: Number(match[2]), price: Number(match[3]), unit: match[4] };
  });
}

function pricedInCoins(rows) {
  return rows
    .filter(({ unit, price }) => unit in UNITS_PER_COIN && price > 0 && price % UNITS_PER_COIN[unit] === 0)
    .map((row) => ({ ...row, coins: row.price / UNITS_PER_COIN[row.unit] }))
    .sort(
      (a, b) =>
        (a.platform < b.platform ? 1 : a.platform > b.platform ? -1 : 0) || a.coins - b.coins || a.giftId - b.giftId,
    );
}

/** The n-th gift of a tier: every noun once before one comes again, each time with an adjective it has not had. */
function nameOf({ adjectives, nouns }, n) {
  if (n >= adjectives.length * nouns.length) throw new Error(`too few words for gift ${n} of a tier`);
  const noun = n % nouns.length;
  const adjective = (Math.floor(n / nouns.length) + noun) % adjectives.length;
  return `${adjectives[adjective]} ${nouns[noun]}`;
}

function makeModule() {
  const used = TIERS.map(() => 0);
  const lines = pricedInCoins(readRows()).map(({ coins }) => {
    const tier = TIERS.findIndex(({ belowPrice }) => coins < belowPrice);
    return `${coins} ${nameOf(TIERS[tier], used[tier]++)}`;
  });
  if (new Set(lines.map((line) => line.replace(/^\d+ /, ''))).size !== lines.length)
    throw new Error('two gifts have the same name');
  return `// Made by data/make-catalogue.mjs from data/gift-prices.csv. Not edited by hand.
/* eslint-disable max-lines -- a table */

/** The gifts in order of their ids, from 1: a line each, the price in coins and the name. */
export const CATALOGUE_LINES = \`
${lines.join('\n')}
\`;
`;
}

const text = makeModule();
if (process.argv.includes('--check')) {
  if (readFileSync(targetFile, 'utf8') !== text) {
    console.error(`${targetFile} is not what make-catalogue.mjs makes: run it again`);
    process.exit(1);
  }
} else {
  writeFileSync(targetFile, text);
}
